import { FORWARD_PREFIX, isCode } from '../protocol/index.ts';

/** Where a caller's request goes. */
export interface Address {
  readonly code: string;
  /** Path and query for the target, byte for byte; starts with a slash. */
  readonly target: string;
  /** What stands before the target's path on the proxy, such as `/forward/orders`. */
  readonly prefix: string;
}

/**
 * Splits `/forward/<code>/<path>?<query>`. Nothing is decoded or normalised: what stands after the
 * code is the target's. Undefined if it is no such path.
 */
export function parseAddress(requestTarget: string): Address | undefined {
  if (!requestTarget.startsWith(FORWARD_PREFIX)) return undefined;
  let end = FORWARD_PREFIX.length;
  while (end < requestTarget.length && requestTarget[end] !== '/' && requestTarget[end] !== '?') {
    end += 1;
  }
  const code = requestTarget.slice(FORWARD_PREFIX.length, end);
  if (!isCode(code)) return undefined;
  const rest = requestTarget.slice(end);
  return {
    code,
    target: rest.startsWith('/') ? rest : `/${rest}`,
    prefix: requestTarget.slice(0, end),
  };
}

import { originForm } from '../http/index.ts';
import { FORWARD_PREFIX, isCode } from '../protocol/index.ts';
import { codeOfHost, type Names } from './names.ts';

/** Where a caller's request goes. */
export interface Address {
  readonly code: string;
  /** Path and query for the target, byte for byte; starts with a slash, or is `*`. */
  readonly target: string;
  /**
   * What stands before the target's path on the proxy, such as `/forward/orders`; undefined on the
   * tunnel's own origin, where all of the path is the target's.
   */
  readonly prefix: string | undefined;
}

/**
 * Finds the tunnel that a request is for, from its request target and its host: that of an absolute
 * request target, or else of the Host field. On a tunnel's own origin every path is the target's,
 * `/agent/` and `/forward/` included; on any other host it is `/forward/<code>/<path>?<query>`.
 * Nothing is decoded or normalised. Undefined: it is for no tunnel.
 */
export function addressOf(
  requestTarget: string,
  host: string | undefined,
  names: Names,
): Address | undefined {
  const target = originForm(requestTarget);
  const code = codeOfHost(host, names);
  if (code === undefined) return parsePath(target);
  if (!target.startsWith('/') && target !== '*') return undefined;
  return { code, target, prefix: undefined };
}

/** Splits `/forward/<code>/<path>?<query>`: what stands after the code is the target's. */
function parsePath(path: string): Address | undefined {
  if (!path.startsWith(FORWARD_PREFIX)) return undefined;
  let end = FORWARD_PREFIX.length;
  while (end < path.length && path[end] !== '/' && path[end] !== '?') {
    end += 1;
  }
  const code = path.slice(FORWARD_PREFIX.length, end);
  if (!isCode(code)) return undefined;
  const rest = path.slice(end);
  return { code, target: rest.startsWith('/') ? rest : `/${rest}`, prefix: path.slice(0, end) };
}

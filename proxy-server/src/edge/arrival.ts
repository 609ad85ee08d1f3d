import type { IncomingMessage } from 'node:http';
import { authorityOf } from '../http/index.ts';
import { type Address, addressOf } from './address.ts';
import { plainAddress } from './forwarded.ts';
import type { Names } from './names.ts';

/** How a request came, and where it goes. */
export interface Arrival {
  /** Undefined if it is for no tunnel. */
  readonly address: Address | undefined;
  /** The caller's network address. */
  readonly caller: string;
  readonly protocol: 'http' | 'https';
  /** Host and port that the caller asked for, as it wrote them. */
  readonly host: string | undefined;
}

/** What a proxy has to know to tell. */
export interface ArrivalContext {
  readonly names: Names;
  /** What the proxy's own listener speaks. */
  readonly protocol: 'http' | 'https';
}

/** Reads a request's head. It may still be refused: nothing is checked here. */
export function arrivalOf(request: IncomingMessage, { names, protocol }: ArrivalContext): Arrival {
  const target = request.url ?? '';
  const host = authorityOf(target) ?? request.headers.host;
  return {
    address: addressOf(request.method === 'OPTIONS' ? optionsTarget(target) : target, host, names),
    caller: plainAddress(request.socket.remoteAddress),
    protocol,
    host,
  };
}

/** RFC 9112 section 3.2.4: an absolute form without path and query is `*`, for OPTIONS. */
function optionsTarget(target: string): string {
  return /^https?:\/\/[^/?]*$/i.test(target) ? '*' : target;
}

import type { IncomingMessage } from 'node:http';
import { authorityOf } from '../http/index.ts';
import { type Address, addressOf } from './address.ts';
import { claimsOf } from './claims.ts';
import { plainAddress } from './forwarded.ts';
import type { Names } from './names.ts';
import type { TrustedPeers } from './trusted-peers.ts';

/** How a request came, and where it goes. */
export interface Arrival {
  /** Undefined if it is for no tunnel. */
  readonly address: Address | undefined;
  /** The caller's network address. */
  readonly caller: string;
  /** Trusted intermediaries between caller and proxy, the nearest last. */
  readonly intermediaries: readonly string[];
  /** By which the caller came. */
  readonly protocol: 'http' | 'https';
  /** Host and port that the caller asked for, as it wrote them. */
  readonly host: string | undefined;
}

/** What a proxy has to know to tell. */
export interface ArrivalContext {
  readonly names: Names;
  /** What the proxy's own listener speaks. */
  readonly protocol: 'http' | 'https';
  /** Undefined: nobody is. */
  readonly trusted: TrustedPeers | undefined;
}

const NONE: readonly string[] = [];

/** Reads a request's head. It may still be refused: nothing is checked here. */
export function arrivalOf(request: IncomingMessage, context: ArrivalContext): Arrival {
  const { names, protocol, trusted } = context;
  const url = request.url ?? '';
  const target = request.method === 'OPTIONS' ? optionsTarget(url) : url;
  const host = authorityOf(url) ?? request.headers.host;
  const peer = plainAddress(request.socket.remoteAddress);
  if (trusted?.has(peer) !== true) {
    const address = addressOf(target, host, names);
    return { address, caller: peer, intermediaries: NONE, protocol, host };
  }
  const claims = claimsOf(request.headers, peer, (address) => trusted.has(address));
  const asked = claims.host ?? host;
  return {
    address: addressOf(target, asked, names),
    caller: claims.caller,
    intermediaries: claims.intermediaries,
    protocol: claims.protocol ?? protocol,
    host: asked,
  };
}

/** RFC 9112 section 3.2.4: an absolute form without path and query is `*`, for OPTIONS. */
function optionsTarget(target: string): string {
  return /^https?:\/\/[^/?]*$/i.test(target) ? '*' : target;
}

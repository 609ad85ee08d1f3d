import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isAuthority } from '../http/index.ts';
import { plainAddress } from './forwarded.ts';
import { type ForwardedElement, readForwarded } from './forwarded-field.ts';

/** What trusted intermediaries say of the caller. */
export interface Claims {
  /** The caller's address: the nearest one that is not trusted, or the last that is known. */
  readonly caller: string;
  /** Trusted intermediaries between caller and proxy, the nearest last. */
  readonly intermediaries: readonly string[];
  /** By which the caller came; undefined if nobody says so. */
  readonly protocol: 'http' | 'https' | undefined;
  /** Host and port that the caller asked for. */
  readonly host: string | undefined;
}

/** More trusted intermediaries in a row are not followed: their addresses go to the target too. */
export const MAX_INTERMEDIARIES = 32;

/**
 * What the fields of a trusted peer say. `X-Forwarded-*` come before `Forwarded`: who sets the ones
 * often passes the other on as the caller sent it. Of a list only what trusted intermediaries have
 * added counts; what stands left of that is the caller's own. What is malformed says nothing.
 */
export function claimsOf(
  headers: IncomingHttpHeaders,
  peer: string,
  trusts: (address: string) => boolean,
): Claims {
  const forwardedFor = headers['x-forwarded-for'];
  const protocols = headers['x-forwarded-proto'];
  const hosts = headers['x-forwarded-host'];
  if (forwardedFor === undefined && protocols === undefined && hosts === undefined) {
    return claimsOfElements(readForwarded(headers.forwarded ?? '') ?? [], peer, trusts);
  }
  const way = follow(lastItems(forwardedFor), peer, trusts);
  return {
    ...way,
    protocol: asProtocol(fromRight(lastItems(protocols), way.intermediaries.length)),
    host: asHost(fromRight(lastItems(hosts), way.intermediaries.length)),
  };
}

function claimsOfElements(
  elements: readonly ForwardedElement[],
  peer: string,
  trusts: (address: string) => boolean,
): Claims {
  const nodes = elements.map((element) => element.for ?? '');
  const way = follow(nodes, peer, trusts);
  // The element that names the caller was made by the first who is trusted.
  const element = elements[elements.length - Math.max(1, way.intermediaries.length)];
  return { ...way, protocol: asProtocol(element?.proto), host: asHost(element?.host) };
}

/** Goes from the peer towards the caller, for as long as the one who speaks is trusted. */
function follow(
  nodes: readonly string[],
  peer: string,
  trusts: (address: string) => boolean,
): Pick<Claims, 'caller' | 'intermediaries'> {
  const intermediaries: string[] = [];
  let caller = peer;
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    if (intermediaries.length === MAX_INTERMEDIARIES || !trusts(caller)) break;
    const next = asAddress(nodes[at] ?? '');
    if (next === undefined) break;
    intermediaries.unshift(caller);
    caller = next;
  }
  return { caller, intermediaries };
}

/** The last items of a list; a few more than intermediaries are followed. */
function lastItems(field: string | string[] | undefined): string[] {
  if (field === undefined) return [];
  const text = typeof field === 'string' ? field : field.join(',');
  const items: string[] = [];
  let end = text.length;
  while (end >= 0 && items.length <= MAX_INTERMEDIARIES) {
    const comma = end === 0 ? -1 : text.lastIndexOf(',', end - 1);
    items.unshift(text.slice(comma + 1, end).trim());
    end = comma;
  }
  return items;
}

/**
 * The item that the same intermediary added as the caller's address: as far from the right. Those
 * who do not append have put one item in place of all.
 */
function fromRight(items: readonly string[], distance: number): string | undefined {
  return items[Math.max(0, items.length - Math.max(1, distance))];
}

/** RFC 7239 section 6, and X-Forwarded-For, which some write with a port: `unknown` is none. */
function asAddress(node: string): string | undefined {
  const address = /^\[([^\]]*)\](?::\w+)?$/.exec(node)?.[1] ?? node.replace(/^([\d.]+):\w+$/, '$1');
  return isIP(address) === 0 || address.includes('%') ? undefined : plainAddress(address);
}

function asProtocol(text: string | undefined): 'http' | 'https' | undefined {
  const lower = text?.toLowerCase();
  return lower === 'http' || lower === 'https' ? lower : undefined;
}

function asHost(text: string | undefined): string | undefined {
  return text !== undefined && isAuthority(text) ? text : undefined;
}

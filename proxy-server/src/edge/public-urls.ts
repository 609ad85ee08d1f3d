import { FORWARD_PREFIX } from '../protocol/index.ts';
import { hostOfCode, type Names } from './names.ts';

/** How callers come to a proxy. */
export interface PublicPlace {
  readonly names: Names;
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** What the proxy itself speaks, and where: stands in for what `publicUrl` would say. */
  readonly protocol: 'http' | 'https';
  readonly port: number;
}

/** The addresses of a tunnel, best first: its own origin, then the path on the proxy's. */
export function publicUrls(code: string, place: PublicPlace): string[] {
  const { names, publicUrl, protocol, port } = place;
  const urls: string[] = [];
  const host = hostOfCode(code, names);
  if (host !== undefined) {
    const url = new URL(publicUrl ?? `${protocol}://proxy:${port}`);
    url.hostname = host;
    url.pathname = '/';
    urls.push(url.href);
  }
  if (publicUrl !== undefined) urls.push(`${publicUrl}${FORWARD_PREFIX}${code}/`);
  return urls;
}

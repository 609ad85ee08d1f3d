import { basename, isAbsolute } from 'node:path';

/** The local service that a tunnel leads to. */
export interface Target {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Path of the Unix socket that it listens on; host and port mean nothing then. */
  readonly socket?: string | undefined;
}

/** Longest path of a socket that all systems take, in bytes. */
const MAX_SOCKET_PATH = 103;

export function isSocketPath(text: string): boolean {
  return isAbsolute(text) && !text.startsWith('//') && Buffer.byteLength(text) <= MAX_SOCKET_PATH;
}

/** How a target is called, and what becomes of its answers. */
export interface TargetManner {
  /** `target`, `preserve`, or the Host that it gets. */
  readonly hostHeader: string;
  /** Path of a file with certificates that are trusted beside the well-known ones. */
  readonly caFile: string | undefined;
  /** Its certificate is not checked. */
  readonly insecure: boolean;
  /** Its redirects and cookies are made to lead below the tunnel's path. */
  readonly rewritePaths: boolean;
}

export function isSameManner(a: TargetManner, b: TargetManner): boolean {
  return (
    a.hostHeader === b.hostHeader &&
    a.caFile === b.caFile &&
    a.insecure === b.insecure &&
    a.rewritePaths === b.rewritePaths
  );
}

/** A Host, with or without port, or one of the two words. */
export function isHostHeader(text: string): boolean {
  return /^(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(text);
}

/** A name, an IPv4 address or an IPv6 address, with or without brackets. */
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)$/;

export function isHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(targetOrigin({ protocol: 'http', host: text, port: 1 }));
}

/** Such as `http://localhost:3000`, or `unix:/run/app.sock`. */
export function targetOrigin(target: Target): string {
  if (target.socket !== undefined) return `unix:${target.socket}`;
  const bare = target.host.replace(/^\[|\]$/g, '');
  return `${target.protocol}://${bare.includes(':') ? `[${bare}]` : bare}:${target.port}`;
}

/** As short as it stays clear: `:3000` on this machine, `app.sock`, else `db.internal:3000`. */
export function shortTarget(target: Target): string {
  if (target.socket !== undefined) return basename(target.socket);
  return target.host === 'localhost' || target.host === '127.0.0.1'
    ? `:${target.port}`
    : targetOrigin(target).slice(target.protocol.length + 3);
}

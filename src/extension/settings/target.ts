/** The local service that a tunnel leads to. */
export interface Target {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** A name, an IPv4 address or an IPv6 address, with or without brackets. */
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)$/;

export function isHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(targetOrigin({ protocol: 'http', host: text, port: 1 }));
}

/** Such as `http://localhost:3000`. */
export function targetOrigin(target: Target): string {
  const bare = target.host.replace(/^\[|\]$/g, '');
  return `${target.protocol}://${bare.includes(':') ? `[${bare}]` : bare}:${target.port}`;
}

/** As short as it stays clear: `:3000` on this machine, else `db.internal:3000`. */
export function shortTarget(target: Target): string {
  return target.host === 'localhost' || target.host === '127.0.0.1'
    ? `:${target.port}`
    : targetOrigin(target).slice(target.protocol.length + 3);
}

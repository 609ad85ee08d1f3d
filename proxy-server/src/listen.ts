import { isIPv6 } from 'node:net';

/** Why a server could not listen, and what to do about it, on one line. */
export function listenProblem(error: unknown, host: string, port: number): string {
  const at = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return `${at} is taken by another program: stop that one, or choose another port with --port`;
    case 'EACCES':
      return `this user may not listen on ${at}: choose a port from 1024 up with --port`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine: give one that is with --host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not a name that this machine knows: give another with --host`;
    default:
      return `cannot listen on ${at}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The address under which this machine itself reaches a server that listens there. */
export function baseAddress(
  host: string,
  port: number,
  protocol: 'http' | 'https' = 'http',
): string {
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${protocol}://${isIPv6(own) ? `[${own}]` : own}:${port}`;
}

import { isHost } from 'caronte-proxy/command';
import type { EchoOptions } from './server.ts';

/** The flags of `caronte echo` as they were given. */
export interface EchoFlags {
  readonly host?: string;
  readonly port?: string;
  readonly delay?: string;
}

/** Longest delay, in seconds. */
export const MAX_DELAY = 3600;

export const ECHO_DEFAULTS = { host: '0.0.0.0', port: '5000', delay: '0' } as const;

export type EchoOptionsResult =
  | { readonly ok: true; readonly options: EchoOptions }
  | { readonly ok: false; readonly problems: readonly string[] };

export function readEchoOptions(flags: EchoFlags): EchoOptionsResult {
  const { host, port, delay } = { ...ECHO_DEFAULTS, ...flags };
  const problems: string[] = [];
  const problem = (flag: string, value: string, expected: string): void => {
    problems.push(`${flag}: ${JSON.stringify(value)} is not ${expected}`);
  };
  if (!isHost(host)) problem('--host', host, 'a host name or an IP address, without port');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    problem('--port', port, 'a whole number from 0 to 65535');
  }
  if (!/^(?:\d{1,4}(?:\.\d{1,9})?|\.\d{1,9})$/.test(delay) || Number(delay) > MAX_DELAY) {
    problem('--delay', delay, `a number of seconds from 0 to ${MAX_DELAY}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    options: {
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port),
      delayMs: Math.round(Number(delay) * 1000),
    },
  };
}

import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { ancestry, ownersOf, programName } from './processes.ts';

/** A port of this machine that something listens on. */
export interface ListeningPort {
  readonly port: number;
  /** What listens, such as `node server.js`, where the system tells. */
  readonly program: string | undefined;
}

/** A socket that listens. */
export interface ListeningSocket {
  readonly port: number;
  readonly inode: string;
}

/** Ports that development servers use by default, the likeliest first. */
export const COMMON_PORTS: readonly number[] = [
  3000, 5173, 8000, 8080, 5000, 4200, 4000, 3001, 8888, 9000, 1313, 4321, 5001, 8081, 8787,
];

/** From here on the system gives ports out by itself; services rarely live there. */
const EPHEMERAL = 32_768;

/** State of a socket that listens, in the tables of proc(5). */
const LISTEN = '0A';

/** Addresses in the byte order of the tables: any, 127.0.0.1, ::, ::1, ::ffff:127.0.0.1. */
const REACHABLE = new Set([
  '00000000',
  '0100007F',
  '00000000000000000000000000000000',
  '00000000000000000000000001000000',
  '0000000000000000FFFF00000100007F',
]);

/** The sockets that listen and can be reached as localhost, of a table such as `/proc/net/tcp`. */
export function parseSocketTable(text: string): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== LISTEN || !REACHABLE.has(address)) continue;
    sockets.push({ port: Number.parseInt(port, 16), inode });
  }
  return sockets;
}

/** Likeliest first: common ones, then the rest in order, those of the system last. */
export function byLikelihood(ports: Iterable<number>): number[] {
  const rank = (port: number): number => {
    const common = COMMON_PORTS.indexOf(port);
    if (common >= 0) return common;
    return (port < 1024 || port >= EPHEMERAL ? 200_000 : 100_000) + port;
  };
  return [...new Set(ports)].sort((a, b) => rank(a) - rank(b));
}

/**
 * What listens on this machine, likeliest first, but for the editor itself. Where the system keeps
 * no table, the common ports are tried. Never throws.
 */
export async function listeningPorts(): Promise<ListeningPort[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'latin1').catch(() => '')),
  );
  if (tables.every((table) => table === '')) return tryCommonPorts();
  const sockets = tables.flatMap(parseSocketTable);
  const owners = await ownersOf(new Set(sockets.map(({ inode }) => inode)));
  const editor = new Set(await ancestry());
  const pids = new Map<number, number | undefined>();
  for (const { port, inode } of sockets) pids.set(port, pids.get(port) ?? owners.get(inode));
  const found = byLikelihood(pids.keys()).flatMap((port) => {
    const pid = pids.get(port);
    return pid !== undefined && editor.has(pid) ? [] : [{ port, pid }];
  });
  return Promise.all(
    found.map(async ({ port, pid }) => ({
      port,
      program: pid === undefined ? undefined : await programName(pid),
    })),
  );
}

async function tryCommonPorts(): Promise<ListeningPort[]> {
  const found = await Promise.all(
    COMMON_PORTS.map(async (port) =>
      (await isListening('localhost', port)) ? [{ port, program: undefined }] : [],
    ),
  );
  return found.flat();
}

/** Whether a connection is accepted within `timeoutMs` milliseconds. */
export function isListening(host: string, port: number, timeoutMs = 300): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => {
      done(false);
    });
    socket.once('connect', () => {
      done(true);
    });
    socket.once('error', () => {
      done(false);
    });
  });
}

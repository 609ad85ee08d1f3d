import { isAbsolute } from 'node:path';

/** Where the target listens. */
export interface TargetAddress {
  /** What undici calls; on a Unix socket its host only shows in the Host field. */
  readonly origin: URL;
  /** Absolute path of a Unix socket. */
  readonly socketPath: string | undefined;
}

const UNIX = 'unix:';

/** Longest path of a socket that all systems take, in bytes (sockaddr_un). */
const MAX_SOCKET_PATH = 103;

/** Reads a target as {@link AgentOptions} has it. */
export function targetAddress(target: string): TargetAddress {
  return target.startsWith(UNIX)
    ? { origin: new URL('http://localhost'), socketPath: target.slice(UNIX.length) }
    : { origin: new URL(target), socketPath: undefined };
}

export function isSocketTarget(target: string): boolean {
  return target.startsWith(UNIX);
}

/** What is wrong with a `unix:` target; undefined if nothing is. */
export function socketTargetProblem(target: string): string | undefined {
  const path = target.slice(UNIX.length);
  if (!isAbsolute(path) || path.startsWith('//')) {
    return 'is not unix: with an absolute path, such as unix:/run/app.sock';
  }
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH || path.includes('\0')) {
    return `has a path of more than ${MAX_SOCKET_PATH} bytes, which no socket can have`;
  }
  return undefined;
}

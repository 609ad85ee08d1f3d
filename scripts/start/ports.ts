import { createServer } from 'node:net';

/** How many ports are tried, one after another. */
const ATTEMPTS = 100;

/** The first port from `preferred` up on which nobody listens on this machine's loopback. */
export async function freePort(preferred: number, taken: readonly number[] = []): Promise<number> {
  for (let port = preferred; port < preferred + ATTEMPTS; port++) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`the ports from ${preferred} to ${preferred + ATTEMPTS - 1} are all taken`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

import { readFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import { fileURLToPath } from 'node:url';
import { jsonLine } from './json-lines.ts';
import type { Rig, RunningTunnel } from './rig.ts';

const FOLDER = new URL('certificates-target/', import.meta.url);

/** Path of the certificate, which is its own authority. */
export const CERTIFICATE = fileURLToPath(new URL('certificate.pem', FOLDER));

export const TLS = {
  cert: readFileSync(CERTIFICATE),
  key: readFileSync(new URL('key.pem', FOLDER)),
} as const;

/** A proxy and a live agent whose target is given as a whole. */
export async function tunnelTo(
  rig: Rig,
  target: string,
  flags: readonly string[] = [],
): Promise<RunningTunnel> {
  const { proxy, port } = await rig.proxy();
  const url = ['--proxy-url', `http://127.0.0.1:${port}`];
  const fixed = ['agent', '--code', 'orders', '--send-reply', '--log-format', 'json', ...url];
  const agent = rig.caronte([...fixed, '--target', target, ...flags]);
  await jsonLine(agent, { event: 'state', state: 'live' });
  return { proxy, agent, port, base: '/forward/orders' };
}

/** A service that listens where it is told to. Resolves with its port, 0 on a Unix socket. */
export async function serve(
  rig: Rig,
  where: ListenOptions,
  listener: RequestListener,
  tls?: typeof TLS,
): Promise<number> {
  const server = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
  rig.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? 0 : address.port;
}

import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** How the proxy of the network stood in the way. */
export class NetworkProxyError extends Error {
  readonly code = 'CARONTE_NETWORK_PROXY';
  /** Its answer to CONNECT; undefined if there was none. */
  readonly status: number | undefined;

  constructor(proxy: URL, status: number | undefined, cause?: Error) {
    const what =
      status === undefined ? (cause?.message ?? 'no answer to CONNECT') : `HTTP ${status}`;
    super(`${proxy.host}: ${what}`, { cause });
    this.name = 'NetworkProxyError';
    this.status = status;
  }
}

/** The head of an answer to CONNECT is never longer, in bytes. */
const MAX_HEAD = 16 * 1024;

export interface TunnelOptions {
  readonly proxy: URL;
  /** Options of the connection to the proxy. */
  readonly proxyTls: buildConnector.BuildOptions;
  /** Makes TLS with whoever is behind it. */
  readonly connect: buildConnector.connector;
  readonly timeoutMs: number;
}

/**
 * Opens connections through a proxy of the network by CONNECT (RFC 9110 section 9.3.6), for the
 * pools of undici. Its own ProxyAgent makes an object of the fields, which loses duplicates.
 */
export function connectThrough(options: TunnelOptions): buildConnector.connector {
  const { proxy, timeoutMs } = options;
  const reach = buildConnector({ ...options.proxyTls, timeout: timeoutMs });
  const { protocol, host, port } = proxy;
  const hostname = proxy.hostname.replace(/^\[|\]$/g, '');
  return (wanted, callback) => {
    reach({ protocol, host, hostname, port }, (error, socket) => {
      if (error !== null) return callback(new NetworkProxyError(proxy, undefined, error), null);
      askFor(authority(wanted), socket, options, (failure) => {
        if (failure !== undefined) {
          socket.destroy();
          callback(failure, null);
        } else if (wanted.protocol === 'https:') {
          options.connect({ ...wanted, httpSocket: socket }, callback);
        } else {
          callback(null, socket);
        }
      });
    });
  };
}

/** Credentials for the network's proxy, as fields. */
export function proxyAuthorization(proxy: URL): readonly string[] {
  if (proxy.username === '') return [];
  const text = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return ['Proxy-Authorization', `Basic ${Buffer.from(text).toString('base64')}`];
}

function authority({ hostname, protocol, port }: buildConnector.Options): string {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return `${host}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

/** Sends CONNECT, and reads no further than the head of the answer. */
function askFor(
  target: string,
  socket: Socket,
  { proxy, timeoutMs }: TunnelOptions,
  done: (failure: NetworkProxyError | undefined) => void,
): void {
  let head: Buffer = Buffer.alloc(0);
  const finish = (failure: NetworkProxyError | undefined): void => {
    clearTimeout(timer);
    socket.off('readable', read);
    socket.off('close', closed);
    // A failed socket is destroyed, which may still be an error.
    if (failure === undefined) socket.off('error', ignore);
    done(failure);
  };
  const fail = (status?: number): void => finish(new NetworkProxyError(proxy, status));
  const closed = (): void => fail();
  const read = (): void => {
    for (let chunk = take(socket); chunk !== undefined; chunk = take(socket)) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end >= 0) {
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, end))?.[1]);
        if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
        if (status >= 200 && status < 300) return finish(undefined);
        return fail(Number.isNaN(status) ? undefined : status);
      }
      if (head.length > MAX_HEAD) return fail();
    }
  };
  const timer = setTimeout(fail, timeoutMs);
  socket.on('error', ignore);
  socket.on('close', closed);
  socket.on('readable', read);
  const fields = proxyAuthorization(proxy);
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (fields.length > 0) lines.push(fields.join(': '));
  socket.write([...lines, '', ''].join('\r\n'), 'latin1');
}

function take(socket: Socket): Buffer | undefined {
  const chunk: unknown = socket.read();
  return Buffer.isBuffer(chunk) ? chunk : undefined;
}

/** The end of a connection is what counts; `close` tells it. */
function ignore(): void {}

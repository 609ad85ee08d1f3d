import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { figuresOf, shown } from '../compare/figures.ts';
import { Caller, headText } from '../e2e/support/caller.ts';
import { Rig } from '../e2e/support/rig.ts';

/**
 * How long a piece of a stream takes from being written to its arrival, through a tunnel and
 * without one: `npm run build`, then `npm run bench:latency`. Target and caller share this
 * process, and so its clock.
 */
const PIECES = 300;
const EVERY_MS = 20;

/** A piece names the moment at which it was written. */
function piece(): string {
  return `data: ${performance.now().toFixed(3)}\n\n`;
}

function delaysOf(text: string, now: number): number[] {
  return [...text.matchAll(/data: ([\d.]+)\n\n/g)].map(([, at]) => now - Number(at));
}

/** Notes the delays of pieces as they come, however they are cut. */
class Arrivals {
  readonly delays: number[] = [];
  #rest = '';

  take(chunk: Buffer | string): void {
    this.#rest += chunk.toString();
    const end = this.#rest.lastIndexOf('\n\n');
    if (end < 0) return;
    this.delays.push(...delaysOf(this.#rest.slice(0, end + 2), performance.now()));
    this.#rest = this.#rest.slice(end + 2);
  }
}

let uploads = new Arrivals();

/** The target: events to whoever asks for them, and a reader of uploads. */
const server: Server = createServer((request, response) => {
  if (request.method === 'GET') return void events(response);
  request.on('data', (chunk: Buffer) => uploads.take(chunk));
  request.on('end', () => response.end());
});

async function events(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  for (let sent = 0; sent < PIECES; sent += 1) {
    await delay(EVERY_MS);
    response.write(piece());
  }
  response.end();
}

async function down(port: number, base: string): Promise<string> {
  const caller = await Caller.connect(port);
  const reply = caller.send({ path: `${base}/events` });
  const arrivals = new Arrivals();
  reply.onPiece = (bytes) => arrivals.take(bytes);
  await reply.whole;
  caller.leave();
  return shown(figuresOf(arrivals.delays));
}

async function up(port: number, base: string): Promise<string> {
  uploads = new Arrivals();
  const caller = await Caller.connect(port);
  const reply = caller.expect('POST');
  const fields = [['Transfer-Encoding', 'chunked']] as const;
  await caller.write(headText({ method: 'POST', path: `${base}/up`, fields }, 0));
  for (let sent = 0; sent < PIECES; sent += 1) {
    await delay(EVERY_MS);
    const text = piece();
    await caller.write(`${text.length.toString(16)}\r\n${text}\r\n`);
  }
  await caller.write('0\r\n\r\n');
  await reply.whole;
  caller.leave();
  return shown(figuresOf(uploads.delays));
}

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const targetPort = typeof address === 'object' && address !== null ? address.port : 0;
const rig = new Rig();
try {
  const { port, base } = await rig.tunnel({ targetPort });
  console.log(`server-sent events, ${PIECES} at intervals of ${EVERY_MS} ms`);
  console.log(`  direct   ${await down(targetPort, '')}`);
  console.log(`  tunnel   ${await down(port, base)}`);
  console.log('chunks of an upload');
  console.log(`  direct   ${await up(targetPort, '')}`);
  console.log(`  tunnel   ${await up(port, base)}`);
} finally {
  await rig.end();
  server.close();
  server.closeAllConnections();
}

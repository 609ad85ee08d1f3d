import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { headText } from '../support/caller.ts';
import { KIB } from '../support/load.ts';
import { MemoryWatch } from '../support/memory.ts';
import { ok, responseText } from '../support/raw-target.ts';
import { type Rig, type RunningTunnel, useRig } from '../support/rig.ts';
import { until, within } from '../support/waiting.ts';

const MIB = KIB * KIB;
const TOTAL = 1024 * MIB;
const PIECE = Buffer.alloc(256 * KIB, 'x');

/** What proxy and agent may grow by while 1 GiB passes. */
const GROWTH = 64 * MIB;

/** Writes that many bytes at the socket's pace. Calls back with how many are written. */
async function pour(socket: Socket, total: number, told: (written: number) => void): Promise<void> {
  for (let written = 0; written < total;) {
    const piece = PIECE.subarray(0, Math.min(PIECE.length, total - written));
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => (error ? reject(error) : resolve()));
    });
    written += piece.length;
    told(written);
  }
}

async function targetOf(rig: Rig, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  rig.onEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Sends something first, so that what any exchange needs is not counted, then watches. */
function watch({ proxy, agent }: RunningTunnel): () => void {
  const watching = new MemoryWatch([proxy.pid, agent.pid]);
  return () => {
    const grown = watching.stop();
    const shown = grown.map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`).join(' and ');
    assert.ok(Math.max(...grown) < GROWTH, `proxy and agent grew by ${shown}`);
  };
}

/** How much more is read before the reader stops for a moment. */
const SIP = 32 * MIB;

describe('duty 14: 1 GiB passes with bounded memory, at the pace of the slower side', () => {
  const rig = useRig();

  for (const slow of [false, true]) {
    const how = slow ? 'who reads with pauses' : 'who reads as fast as possible';

    it(`down to a caller ${how}`, async function () {
      this.timeout(120_000);
      let written = 0;
      let first = true;
      const targetPort = await targetOf(rig(), (socket) => {
        socket.on('data', () => {
          if (first) {
            first = false;
            socket.write(ok('warm'));
            return;
          }
          socket.write(responseText(['HTTP/1.1 200 OK', `Content-Length: ${TOTAL}`]));
          pour(socket, TOTAL, (bytes) => (written = bytes)).catch(() => socket.destroy());
        });
      });
      const tunnel = await rig().tunnel({ targetPort });
      const caller = await rig().caller(tunnel.port);
      await within(5_000, 'answer', caller.send({ path: `${tunnel.base}/` }).whole);
      const unharmed = watch(tunnel);
      const reply = caller.send({ path: `${tunnel.base}/` });
      let next = SIP;
      let pausing: Promise<void> | undefined;
      reply.onPiece = () => {
        if (!slow || reply.bytes < next || pausing !== undefined) return;
        next += SIP;
        caller.socket.pause();
        pausing = standstill(() => written).then(() => {
          pausing = undefined;
          caller.socket.resume();
        });
      };
      await within(110_000, () => `answer, ${reply.bytes} bytes came`, reply.whole);
      await pausing;
      assert.equal(reply.bytes, TOTAL);
      unharmed();
    });

    it(`up to a target ${how}`, async function () {
      this.timeout(120_000);
      let received = 0;
      let sent = 0;
      let next = SIP;
      let done = false;
      const targetPort = await targetOf(rig(), (socket) => {
        socket.on('data', (chunk) => {
          if (chunk.toString('latin1', 0, 4) === 'GET ') return void socket.write(ok('warm'));
          received += chunk.length;
          if (received >= TOTAL && !done) {
            done = true;
            socket.write(ok('had enough'));
          }
          if (!slow || received < next) return;
          next += SIP;
          socket.pause();
          standstill(() => sent).then(
            () => socket.resume(),
            () => socket.destroy(),
          );
        });
      });
      const tunnel = await rig().tunnel({ targetPort });
      const caller = await rig().caller(tunnel.port);
      await within(5_000, 'answer', caller.send({ path: `${tunnel.base}/` }).whole);
      const unharmed = watch(tunnel);
      const reply = caller.expect('POST');
      const request = { method: 'POST', path: `${tunnel.base}/`, body: '' };
      await caller.write(headText(request, TOTAL));
      await pour(caller.socket, TOTAL, (bytes) => (sent = bytes));
      const answer = await within(110_000, () => `answer, ${received} came`, reply.whole);
      assert.equal(answer.body.toString(), 'had enough');
      assert.ok(received >= TOTAL);
      unharmed();
    });
  }
});

/** Resolves once the number has not changed for a while: every buffer on the way is full. */
async function standstill(value: () => number): Promise<void> {
  let before = -1;
  let still = 0;
  await until(() => {
    still = value() === before ? still + 1 : 0;
    before = value();
    return still > 5;
  }, 'standstill');
}

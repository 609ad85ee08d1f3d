import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { BrokenOff, headText } from './support/caller.ts';
import { KIB } from './support/load.ts';
import { useRig } from './support/rig.ts';
import { pastHalfClose, until, within } from './support/waiting.ts';

/** In which an event has to travel from target to caller, in milliseconds. */
const EVENT_MS = 250;

describe('streams through a tunnel', () => {
  const rig = useRig();

  it('bring server-sent events while the answer is open', async () => {
    let stream: ServerResponse | undefined;
    const targetPort = await rig().httpTarget((request, response) => {
      request.resume();
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      stream = response;
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const caller = await rig().caller(port);
    const reply = caller.send({ path: `${base}/events` });
    // Before there is any event the caller knows that there will be some.
    assert.equal((await within(1_000, 'head', reply.head)).status, 200);
    for (let index = 0; index < 10; index += 1) {
      const event = `data: event ${index}\n\n`;
      stream?.write(event);
      await until(() => reply.text().endsWith(event), event, EVENT_MS);
    }
    stream?.end();
    const answer = await within(1_000, 'end', reply.whole);
    assert.equal(answer.body.toString().match(/event \d/g)?.length, 10);
  });

  it('carry an upload of 64 MB whole, and an answer of that size', async function () {
    this.timeout(40_000);
    const targetPort = await rig().httpTarget((request, response) => {
      response.writeHead(200);
      request.pipe(response);
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const caller = await rig().caller(port);
    const piece = randomBytes(KIB * KIB);
    const count = 64;
    const sent = createHash('sha256');
    const received = createHash('sha256');
    const reply = caller.expect('POST');
    reply.onPiece = (bytes) => received.update(bytes);
    const length = count * piece.length;
    await caller.write(headText({ method: 'POST', path: `${base}/`, body: '' }, length));
    for (let index = 0; index < count; index += 1) {
      piece.writeUInt32BE(index);
      sent.update(piece);
      await caller.write(Buffer.from(piece));
    }
    await within(30_000, 'answer', reply.whole);
    assert.equal(reply.bytes, length);
    assert.equal(received.digest('hex'), sent.digest('hex'));
  });

  it('bring an upload to the target while it is being sent, with no length announced', async () => {
    let received = '';
    let coding: string | undefined;
    const targetPort = await rig().httpTarget((request, response) => {
      coding = request.headers['transfer-encoding'];
      request.setEncoding('latin1').on('data', (text: string) => (received += text));
      request.on('end', () => response.end(received));
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const caller = await rig().caller(port);
    const reply = caller.expect('POST');
    const fields = [['Transfer-Encoding', 'chunked']] as const;
    await caller.write(headText({ method: 'POST', path: `${base}/`, fields, body: '' }, 0));
    for (const word of ['one ', 'two ', 'three']) {
      await caller.write(`${word.length.toString(16)}\r\n${word}\r\n`);
      await until(() => received.endsWith(word), word, 1_000);
    }
    await caller.write('0\r\n\r\n');
    const answer = await within(1_000, 'answer', reply.whole);
    assert.equal(answer.body.toString(), 'one two three');
    assert.equal(coding, 'chunked');
  });

  it('are cancelled at the target within a second of the caller leaving', async () => {
    const closed: string[] = [];
    let arrived = 0;
    const targetPort = await rig().httpTarget((request, response) => {
      arrived += 1;
      request.resume();
      response.on('close', () => closed.push(request.url ?? ''));
      if (request.url === '/answering') response.write('beginning');
    });
    const { port, base, agent } = await rig().tunnel({ targetPort });
    const silent = await rig().caller(port);
    silent.send({ path: `${base}/silent` });
    const answering = await rig().caller(port);
    const answer = answering.send({ path: `${base}/answering` });
    const uploading = await rig().caller(port);
    uploading.expect('POST');
    uploading.socket.write(headText({ method: 'POST', path: `${base}/up`, body: '' }, 10_000));
    uploading.socket.write('a part of it');
    await until(() => arrived === 3 && answer.bytes > 0, 'exchanges under way');
    await pastHalfClose(performance.now());

    for (const [caller, path] of [
      [silent, '/silent'],
      [answering, '/answering'],
      [uploading, '/up'],
    ] as const) {
      caller.leave();
      await until(() => closed.includes(path), `end of ${path} at the target`, 1_000);
    }
    await agent.text(/"path":"\/silent".*"outcome":"cancelled"/);
  });

  it('end in a broken connection at the caller if the target breaks off', async () => {
    let stream: ServerResponse | undefined;
    const targetPort = await rig().httpTarget((request, response) => {
      request.resume();
      if (request.url === '/length') response.setHeader('Content-Length', '1000');
      response.write('beginning');
      stream = response;
    });
    const { port, base } = await rig().tunnel({ targetPort });
    for (const path of ['/length', '/chunked']) {
      const caller = await rig().caller(port);
      const reply = caller.send({ path: base + path });
      await until(() => reply.bytes === 9, 'beginning', 2_000);
      stream?.socket?.destroy();
      await assert.rejects(
        within(1_000, 'end', reply.whole),
        (error) => error instanceof BrokenOff && error.status === 200 && error.bytes === 9,
      );
    }
  });

  it('keep the pace of a caller who reads slowly', async function () {
    this.timeout(30_000);
    const total = 64 * KIB * KIB;
    let written = 0;
    const targetPort = await rig().httpTarget((request, response) => {
      request.resume();
      const piece = Buffer.alloc(64 * KIB);
      const more = (): void => {
        while (written < total) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const caller = await rig().caller(port);
    const reply = caller.send({ path: `${base}/` });
    await within(2_000, 'head', reply.head);
    caller.socket.pause();
    // Nothing moves any more once every buffer on the way is full.
    let before = -1;
    let still = 0;
    await until(() => {
      still = written === before ? still + 1 : 0;
      before = written;
      return still > 30;
    }, 'standstill');
    assert.ok(written < total / 2, `${written} bytes were taken from the target`);
    reply.onPiece = () => undefined;
    caller.socket.resume();
    await within(20_000, 'answer', reply.whole);
    assert.equal(reply.bytes, total);
  });
});

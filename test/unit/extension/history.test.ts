import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { exchange, idOf, makeHistory, pattern, received, ROOMY } from './history-helpers.ts';

describe('the history', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-history-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

  it('lists an exchange from its arrival to its end', () => {
    const { history, record } = makeHistory(folder);
    const [first, ...rest] = exchange({ number: 1, status: 201 });
    assert.ok(first !== undefined);
    record(first);
    assert.equal(history.get(idOf(1))?.outcome.kind, 'open');
    for (const event of rest) record(event);
    const entry = history.get(idOf(1));
    assert.equal(entry?.outcome.kind, 'replied');
    assert.equal(entry.status, 201);
    assert.equal(entry.durationMs, 34);
    assert.equal(entry.target, '/webhooks/1?x=1');
  });

  it('gives everything back after a reload', async () => {
    const before = makeHistory(folder);
    for (const event of exchange({
      number: 1,
      request: Buffer.from('{"a":1}'),
      response: Buffer.from('fine'),
    }))
      before.record(event);
    before.history.closeSync();

    const { history, log } = makeHistory(folder);
    await history.load();
    assert.deepEqual(history.get(idOf(1)), before.history.get(idOf(1)));
    const details = await history.details(idOf(1));
    assert.equal(details?.url, 'https://proxy.example/forward/orders/webhooks/1?x=1');
    assert.deepEqual(details.requestFields.slice(2), ['X-Twice', '1', 'X-Twice', '2']);
    assert.equal(details.response?.status, 200);
    assert.deepEqual(details.timing.attempts, [{ at: 1_000_002 }]);
    assert.equal(text(await history.body(idOf(1), 'request')), '{"a":1}');
    assert.equal(text(await history.body(idOf(1), 'response')), 'fine');
    assert.deepEqual(log.lines, []);
  });

  it('shows the newest first, whatever the order in which they ended', async () => {
    const before = makeHistory(folder);
    const one = exchange({ number: 1 });
    const two = exchange({ number: 2 });
    for (const event of [...one.slice(0, -1), ...two, ...one.slice(-1)]) before.record(event);
    before.history.closeSync();
    const { history } = makeHistory(folder);
    await history.load();
    assert.deepEqual(
      history.newest(5).map(({ key }) => key),
      [idOf(2), idOf(1)],
    );
    assert.deepEqual(
      history.newest(1).map(({ key }) => key),
      [idOf(2)],
    );
  });

  for (const size of [0, 1, 65_536, 65_537, 1_048_576]) {
    it(`keeps a body of ${size} bytes whole`, async () => {
      const { history, record } = makeHistory(folder);
      const request = pattern(size, 1);
      const response = pattern(size, 2);
      for (const event of exchange({ number: 1, request, response })) record(event);
      assert.equal(history.get(idOf(1))?.requestBytes, size);
      assert.equal(history.keptBytes(idOf(1), 'request'), size);
      assert.deepEqual(await history.body(idOf(1), 'request'), request);
      assert.deepEqual(await history.body(idOf(1), 'response'), response);
      assert.deepEqual(await history.body(idOf(1), 'response', 10), response.slice(0, 10));
    });
  }

  it('copies what it is given: the engine uses its buffers again', async () => {
    const { history, record } = makeHistory(folder);
    const [head, ...rest] = exchange({ number: 1 });
    assert.ok(head !== undefined);
    record(head);
    const bytes = Buffer.from('abc');
    record({ type: 'request-data', id: idOf(1), bytes });
    bytes.fill(0);
    for (const event of rest) record(event);
    assert.equal(text(await history.body(idOf(1), 'request')), 'abc');
  });

  it('cuts a body at a quarter of the bytes that it may have, and knows its real size', async () => {
    const { history, record } = makeHistory(folder, { entries: 10, bytes: 1_048_576 });
    const request = pattern(400_000);
    for (const event of exchange({ number: 1, request })) record(event);
    assert.equal(history.get(idOf(1))?.requestBytes, 400_000);
    assert.equal(history.keptBytes(idOf(1), 'request'), 262_144);
    assert.deepEqual(await history.body(idOf(1), 'request'), request.slice(0, 262_144));
  });

  it('drops the oldest when there are too many, on disk as well', async () => {
    const limits = { entries: 20, bytes: ROOMY.bytes };
    const before = makeHistory(folder, limits);
    for (let number = 1; number <= 1200; number++) {
      for (const event of exchange({ number })) before.record(event);
    }
    assert.equal(before.history.size, 20);
    await before.history.flush();
    before.history.closeSync();
    assert.ok((await readdir(folder)).length <= 2, 'volumes without a wanted exchange are gone');
    const { history } = makeHistory(folder, limits);
    await history.load();
    assert.equal(history.size, 20);
    assert.equal(history.newest(1)[0]?.key, idOf(1200));
    assert.equal(history.newest(20).at(-1)?.key, idOf(1181));
  });

  it('drops the oldest when they take too much room', async () => {
    const limits = { entries: 1000, bytes: 1_048_576 };
    const { history, record } = makeHistory(folder, limits);
    for (let number = 1; number <= 60; number++) {
      for (const event of exchange({ number, request: pattern(60_000, number) })) record(event);
      await history.flush();
    }
    assert.ok(history.size < 20 && history.size > 5, String(history.size));
    let bytes = 0;
    for (const volume of await readdir(folder)) {
      for (const file of await readdir(join(folder, volume))) {
        bytes += (await readFile(join(folder, volume, file))).length;
      }
    }
    assert.ok(bytes <= limits.bytes, String(bytes));
    assert.deepEqual(await history.body(idOf(60), 'request'), pattern(60_000, 60));
  });

  it('never drops what has not ended', () => {
    const { history, record } = makeHistory(folder, { entries: 10, bytes: ROOMY.bytes });
    record(received(1));
    for (let number = 2; number <= 40; number++) {
      for (const event of exchange({ number })) record(event);
    }
    assert.equal(history.get(idOf(1))?.outcome.kind, 'open');
    assert.equal(history.size, 11);
  });

  it('passes over damaged lines and says which', async () => {
    const before = makeHistory(folder);
    for (const number of [1, 2]) for (const event of exchange({ number })) before.record(event);
    before.history.closeSync();
    const [volume = ''] = await readdir(folder);
    const index = join(folder, volume, 'index.jsonl');
    const [first = '', second = ''] = (await readFile(index, 'utf8')).split('\n');
    const wrong = [
      '{"v":1,"entry":{"key":"../../etc","at":1}}',
      '{"v":99}',
      'not json',
      second.replace('"at":', '"at":"x",'),
      second.slice(0, 40),
    ];
    await writeFile(index, [first, ...wrong].join('\n'));
    const { history, log } = makeHistory(folder);
    await history.load();
    assert.equal(history.size, 1);
    assert.equal(log.lines.length, 5);
    assert.match(log.lines[0] ?? '', /line 2 of v-/);
  });

  it('lists an exchange whose bytes are gone, without them', async () => {
    const before = makeHistory(folder);
    for (const event of exchange({ number: 1, request: Buffer.from('abc') })) before.record(event);
    before.history.closeSync();
    const [volume = ''] = await readdir(folder);
    await truncate(join(folder, volume, 'bodies.bin'), 20);
    const { history } = makeHistory(folder);
    await history.load();
    assert.equal(history.size, 1);
    assert.equal(await history.details(idOf(1)), undefined);
    assert.equal(await history.body(idOf(1), 'request'), undefined);
  });

  it('survives folders that are no volumes and volumes without an index', async () => {
    await mkdir(join(folder, 'something'));
    await mkdir(join(folder, 'v-0mabcdefg-00000000'));
    await appendFile(join(folder, 'v-0mabcdefg-00000000', 'bodies.bin'), 'x');
    const { history, log } = makeHistory(folder);
    await history.load();
    await history.flush();
    assert.equal(history.size, 0);
    assert.deepEqual(log.lines, []);
    assert.deepEqual(await readdir(folder), ['something'], 'the volume is of no use');
  });

  it('deletes what a host left that died during a large upload', async () => {
    const before = makeHistory(folder);
    before.record(received(1));
    before.record({ type: 'request-data', id: idOf(1), bytes: pattern(200_000) });
    const [volume = ''] = await readdir(folder);
    assert.ok(!(await readdir(join(folder, volume))).includes('index.jsonl'));
    const { history, log } = makeHistory(folder);
    await history.load();
    await history.flush();
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual(log.lines, []);
  });

  describe('beside another window', () => {
    /** A volume that a process of this id writes, or wrote. Resolves with its name. */
    async function volumeOf(pid: number, events = exchange({ number: 1 })): Promise<string> {
      const other = makeHistory(folder);
      for (const event of events) other.record(event);
      await other.history.flush();
      const [name = ''] = await readdir(folder);
      await writeFile(join(folder, name, 'writer'), String(pid));
      return name;
    }

    it('says who writes a volume until it closes', async () => {
      const { history, record } = makeHistory(folder);
      for (const event of exchange({ number: 1 })) record(event);
      const [name = ''] = await readdir(folder);
      const writer = join(folder, name, 'writer');
      assert.equal(await readFile(writer, 'utf8'), String(process.pid));
      history.closeSync();
      await assert.rejects(readFile(writer), { code: 'ENOENT' });
    });

    it('leaves on disk what a living window writes, when it clears its own list', async () => {
      const name = await volumeOf(process.ppid);
      const { history } = makeHistory(folder);
      await history.load();
      assert.equal(history.size, 1);
      await history.clear();
      assert.equal(history.size, 0);
      assert.deepEqual(await readdir(folder), [name]);
    });

    it('leaves on disk what a living window writes, when it is over its own limits', async () => {
      const name = await volumeOf(process.ppid);
      const { history, record } = makeHistory(folder, { entries: 1, bytes: ROOMY.bytes });
      await history.load();
      for (const event of exchange({ number: 2 })) record(event);
      await history.flush();
      assert.deepEqual([history.size, history.newest(1)[0]?.key], [1, idOf(2)]);
      assert.ok((await readdir(folder)).includes(name));
    });

    it('leaves a volume alone that has no index yet', async () => {
      const name = await volumeOf(
        process.ppid,
        [received(1)].concat([{ type: 'request-data', id: idOf(1), bytes: pattern(200_000) }]),
      );
      const { history } = makeHistory(folder);
      await history.load();
      await history.flush();
      assert.deepEqual(await readdir(folder), [name]);
    });

    it('deletes what a window left that is gone', async () => {
      const child = spawn(process.execPath, ['--eval', '']);
      await once(child, 'exit');
      await volumeOf(child.pid ?? 0);
      const { history } = makeHistory(folder);
      await history.load();
      await history.clear();
      assert.deepEqual(await readdir(folder), []);
    });

    it('knows that a process of today did not write what is older than the machine is up', async () => {
      const name = await volumeOf(process.ppid);
      const before = new Date(Date.now() - (uptime() + 60) * 1000);
      await utimes(join(folder, name, 'writer'), before, before);
      const { history } = makeHistory(folder);
      await history.load();
      await history.clear();
      assert.deepEqual(await readdir(folder), []);
    });
  });

  it('keeps what two windows write into one folder', async () => {
    const a = makeHistory(folder);
    const b = makeHistory(folder);
    for (const event of exchange({ number: 1 })) a.record(event);
    for (const event of exchange({ number: 2 })) b.record(event);
    a.history.closeSync();
    b.history.closeSync();
    const { history } = makeHistory(folder);
    await history.load();
    assert.equal(history.size, 2);
  });

  it('writes what is open as interrupted when it closes', async () => {
    const before = makeHistory(folder);
    before.record(received(1));
    before.record({ type: 'request-data', id: idOf(1), bytes: Buffer.from('half') });
    before.history.closeSync();
    const { history } = makeHistory(folder);
    await history.load();
    assert.equal(history.get(idOf(1))?.outcome.kind, 'interrupted');
    assert.equal(text(await history.body(idOf(1), 'request')), 'half');
  });

  it('writes each exchange once, though it closes in the middle of writing', async () => {
    const before = makeHistory(folder);
    for (const event of exchange({ number: 1 })) before.record(event);
    const writing = before.history.flush();
    for (const event of exchange({ number: 2 })) before.record(event);
    before.history.closeSync();
    await writing;
    const { history } = makeHistory(folder);
    await history.load();
    assert.equal(history.size, 2);
    assert.equal((await history.details(idOf(1)))?.timing.receivedAt, 1_000_001);
    assert.equal((await history.details(idOf(2)))?.timing.receivedAt, 1_000_002);
  });

  it('forgets all when it is cleared, but for what has not ended', async () => {
    const { history, record } = makeHistory(folder);
    for (const event of exchange({ number: 1, request: pattern(200_000) })) record(event);
    record(received(2));
    await history.flush();
    await history.clear();
    assert.equal(history.size, 1);
    assert.deepEqual(await readdir(folder), []);
    for (const event of exchange({ number: 3 })) record(event);
    assert.equal((await history.details(idOf(3)))?.caller, '203.0.113.4');
  });

  it('lists what it cannot keep, and says why once', async () => {
    await writeFile(join(folder, 'file'), '');
    const { history, record, log } = makeHistory(join(folder, 'file', 'below'));
    for (const number of [1, 2]) {
      for (const event of exchange({ number, request: pattern(100_000) })) record(event);
    }
    await history.flush();
    assert.equal(history.size, 2);
    assert.equal(await history.body(idOf(1), 'request'), undefined);
    assert.equal(log.lines.length, 1);
  });

  it('takes ten thousand exchanges without losing one, up to its limit', async function () {
    this.timeout(20_000);
    const { history, record } = makeHistory(folder, { entries: 10_000, bytes: ROOMY.bytes });
    const request = pattern(1024);
    for (let number = 1; number <= 10_000; number++) {
      for (const event of exchange({ number, request })) record(event);
    }
    await history.flush();
    assert.equal(history.size, 10_000);
    assert.deepEqual(await history.body(idOf(5000), 'request'), request);
  });
});

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetch, FormData, request } from 'undici';
import { KIB } from '../support/load.ts';
import { startTarget } from '../support/real-target.ts';
import { type Rig, useRig } from '../support/rig.ts';

const TARGET = fileURLToPath(new URL('../support/express-target.ts', import.meta.url));
const MIB = KIB * KIB;

interface Application {
  /** Address below which callers reach it. */
  readonly url: string;
  /** Folder that it serves at `/files`. */
  readonly folder: string;
}

async function startApplication(rig: Rig): Promise<Application> {
  const folder = rig.folder();
  const targetPort = await startTarget(rig, TARGET, [folder]);
  const { port, base } = await rig.tunnel({ targetPort });
  return { url: `http://127.0.0.1:${port}${base}`, folder };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('an Express application behind a tunnel', () => {
  const rig = useRig();

  it('gets a form with several files, large and binary ones, under their own names', async function () {
    this.timeout(40_000);
    const { url } = await startApplication(rig());
    const files = [
      { field: 'large', name: 'twenty megabytes.bin', bytes: randomBytes(20 * MIB) },
      { field: 'photos', name: 'größe – 写真 🛶.png', bytes: randomBytes(300 * KIB) },
      { field: 'photos', name: 'a "quoted" name; x=y.txt', bytes: Buffer.from('\r\n--x--\r\n') },
      { field: 'empty', name: 'nothing', bytes: Buffer.alloc(0) },
    ];
    const form = new FormData();
    form.set('comment', 'Übergröße\r\nzweite Zeile');
    for (const { field, name, bytes } of files) {
      form.append(field, new Blob([new Uint8Array(bytes)], { type: 'image/png' }), name);
    }

    const answer = await fetch(`${url}/upload`, { method: 'POST', body: form });
    assert.equal(answer.status, 201);
    assert.deepEqual(await answer.json(), {
      fields: { comment: 'Übergröße\r\nzweite Zeile' },
      files: files.map(({ field, name, bytes }) => {
        return { field, name, type: 'image/png', hash: sha256(bytes) };
      }),
    });
  });

  it('gets an encoded form', async () => {
    const { url } = await startApplication(rig());
    const body = new URLSearchParams({ 'user[name]': 'José & Co. + 1', empty: '' });
    const answer = await fetch(`${url}/form`, { method: 'POST', body });
    assert.deepEqual(await answer.json(), { user: { name: 'José & Co. + 1' }, empty: '' });
  });

  it('serves a file whole, in ranges, and not at all if the caller has it already', async function () {
    this.timeout(30_000);
    const { url, folder } = await startApplication(rig());
    const bytes = randomBytes(24 * MIB);
    await writeFile(join(folder, 'large.bin'), bytes);
    const file = `${url}/files/large.bin`;

    const whole = await fetch(file);
    assert.equal(whole.headers.get('accept-ranges'), 'bytes');
    assert.equal(whole.headers.get('content-length'), String(bytes.length));
    assert.equal(sha256(new Uint8Array(await whole.arrayBuffer())), sha256(bytes));

    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000000-1999999', 1_000_000, 2_000_000],
      ['bytes=-77', bytes.length - 77, bytes.length],
    ] as const) {
      const part = await fetch(file, { headers: { Range: range } });
      assert.equal(part.status, 206, range);
      const expected = `bytes ${from}-${to - 1}/${bytes.length}`;
      assert.equal(part.headers.get('content-range'), expected);
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(from, to)), range);
    }
    const beyond = await fetch(file, { headers: { Range: `bytes=${bytes.length}-` } });
    assert.equal(beyond.status, 416);
    await beyond.arrayBuffer();

    const head = await fetch(file, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), String(bytes.length));
    assert.equal((await head.arrayBuffer()).byteLength, 0);

    // fetch adds Cache-Control: no-cache to a condition of the caller's own.
    const tag = whole.headers.get('etag') ?? '';
    const same = await request(file, { headers: { 'If-None-Match': tag } });
    assert.equal(same.statusCode, 304);
    assert.equal(same.headers['etag'], tag);
    assert.equal((await same.body.arrayBuffer()).byteLength, 0);
    const changed = await fetch(file, { headers: { 'If-Match': '"another"' } });
    assert.equal(changed.status, 412);
    await changed.arrayBuffer();
  });

  it('gives its own pages for what it does not have', async () => {
    const { url } = await startApplication(rig());
    const answer = await fetch(`${url}/no/such/page`);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('caronte-error'), null);
    assert.match(await answer.text(), /Cannot GET \/no\/such\/page/);
  });
});

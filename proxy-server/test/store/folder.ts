import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/routing/index.ts';
import {
  type NewEntry,
  openStore,
  type PutResult,
  type Store,
  type StoreLimits,
} from '../../src/store/index.ts';
import { FakeClock } from '../support/clock.ts';

const HOUR = 3_600_000;

export const LIMITS: StoreLimits = {
  count: 1_000,
  bytes: 100e6,
  totalBytes: 200e6,
  maxAgeMs: 72 * HOUR,
  deadAgeMs: 30 * 24 * HOUR,
};

/** A clock whose wall clock can be set anew. */
export class WallClock extends FakeClock {
  offset = 0;

  override wall(): number {
    return super.wall() + this.offset;
  }
}

export interface Logged {
  readonly level: string;
  readonly details: object;
  readonly message: string;
}

/** A folder in which a store is opened, closed and opened again. */
export class StoreFolder {
  readonly clock = new WallClock();
  readonly log: Logged[] = [];
  path = '';
  #store: Store | undefined;
  #opening: Promise<Store> | undefined;

  get store(): Store {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  get data(): string {
    return join(this.path, 'data');
  }

  async make(): Promise<void> {
    this.path = await mkdtemp(join(tmpdir(), 'caronte-store-'));
  }

  async open(limits: Partial<StoreLimits> = {}): Promise<Store> {
    if (this.path === '') await this.make();
    const note = (level: string) => (details: object, message: string) =>
      void this.log.push({ level, details, message });
    this.#opening = openStore(this.data, {
      limits: { ...LIMITS, ...limits },
      clock: this.clock,
      log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      ballastBytes: 64 * 1024,
    });
    this.#store = await this.#opening;
    return this.#store;
  }

  /** Also if a test that gave up is opening it still: its thread would keep the process alive. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#store = undefined;
    await opening?.then(
      (store) => store.close(),
      () => undefined,
    );
  }

  async reopen(limits: Partial<StoreLimits> = {}): Promise<Store> {
    await this.close();
    return await this.open(limits);
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.path, { recursive: true, force: true });
  }
}

const HEAD: NewEntry['head'] = {
  method: 'POST',
  target: '/hook?x=%2f',
  httpVersion: '1.1',
  caller: '203.0.113.7',
  fields: ['Content-Type', 'text/plain', 'X-Odd', '\u00e9\u00ff', 'X-Odd', ''],
  receivedAt: 1_700_000_000_000,
};

/** An entry with a small body, but for what is said. */
export function entry(code: string, parts: Partial<NewEntry> = {}): NewEntry {
  const body: NewEntry['body'] = { kind: 'inline', bytes: Buffer.from('hello') };
  return { id: newId(), code, head: HEAD, body, ...parts };
}

/** Puts so many entries; resolves with their ids in order. */
export async function fill(store: Store, code: string, count: number): Promise<string[]> {
  const entries = Array.from({ length: count }, () => entry(code));
  await Promise.all(entries.map((one) => store.put(one)));
  return entries.map(({ id }) => id);
}

/** Puts an entry whose body is spooled. */
export async function putSpooled(
  store: Store,
  one: NewEntry,
  bytes: Buffer,
  trailers: readonly string[] = [],
): Promise<PutResult> {
  const spool = store.spool(one.id, one.code);
  for (let at = 0; at < bytes.length; at += 65_536) {
    if (spool.write(bytes.subarray(at, at + 65_536))) continue;
    await new Promise<void>((resolve) => {
      spool.onDrain(resolve);
    });
  }
  if ((await spool.finish()) === 'full') return { kind: 'full', what: 'disk' };
  return await store.put({ ...one, body: { kind: 'spooled', size: bytes.length, trailers } });
}

/** The bytes of a spooled body. */
export async function bodyOf(store: Store, id: string, code: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const body = store.openBody({ id, code });
  body.on('data', (piece: Buffer) => pieces.push(piece));
  await once(body, 'end');
  return Buffer.concat(pieces);
}

/** Leases one entry and gives it up. */
export async function kill(store: Store, code: string): Promise<string> {
  const [leased] = (await store.lease(code, 1)).entries;
  if (leased === undefined) throw new Error(`nothing is due for ${code}`);
  await store.settle([{ id: leased.id, kind: 'dead', reason: 'refused' }]);
  return leased.id;
}

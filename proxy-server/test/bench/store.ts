/**
 * `npm run bench:store`: how many requests of 4 KB a second the store keeps for 64 callers, how many it
 * hands out and settles in batches of 64, and how long it takes to open with a long queue.
 * `ENTRIES=20000 npm run bench:store` for a shorter one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId, systemClock } from '../../src/routing/index.ts';
import { openStore, type Store } from '../../src/store/index.ts';

const ENTRIES = Number(process.env['ENTRIES'] ?? 100_000);
const CALLERS = 64;
const CODE = 'orders';
const HOUR = 3_600_000;

const silent = (): void => undefined;
const options = {
  clock: systemClock,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  limits: { count: 1e6, bytes: 1e10, totalBytes: 1e10, maxAgeMs: HOUR, deadAgeMs: HOUR },
};

const head = {
  method: 'POST',
  target: '/hook',
  httpVersion: '1.1',
  caller: '203.0.113.7',
  fields: Array.from({ length: 15 }, (_, at) => [`X-Field-${at}`, 'some value of a field']).flat(),
  receivedAt: Date.now(),
};
const body = { kind: 'inline', bytes: Buffer.alloc(4_096, 'x') } as const;

function say(what: string, value: string): void {
  console.log(`${what.padEnd(28)} ${value}`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}

async function putAll(store: Store): Promise<void> {
  const times: number[] = [];
  let left = ENTRIES;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { ms, value } = await timed(() => store.put({ id: newId(), code: CODE, head, body }));
      if (value.kind !== 'kept') throw new Error(`not kept: ${value.kind}`);
      times.push(ms);
    }
  };
  const { ms } = await timed(() => Promise.all(Array.from({ length: CALLERS }, caller)));
  times.sort((a, b) => a - b);
  const at = (part: number): string => `${(times[Math.floor(ENTRIES * part)] ?? 0).toFixed(1)} ms`;
  say('put', `${Math.round((ENTRIES / ms) * 1000)}/s; half within ${at(0.5)}, 99 % ${at(0.99)}`);
}

async function deliverSome(store: Store): Promise<void> {
  const most = Math.min(ENTRIES, 20_000);
  let count = 0;
  const { ms } = await timed(async () => {
    while (count < most) {
      const { entries } = await store.lease(CODE, 64);
      count += entries.length;
      await store.settle(entries.map(({ id }) => ({ id, kind: 'done' })));
    }
  });
  say('lease and settle', `${Math.round((count / ms) * 1000)}/s`);
}

const dir = await mkdtemp(join(process.cwd(), 'test-results-store-'));
try {
  let store = await openStore(dir, options);
  const before = process.memoryUsage().rss;
  await putAll(store);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  say('memory for the queue', `${grown.toFixed(0)} MB more, with ${ENTRIES} entries waiting`);
  await store.close();
  const { ms, value } = await timed(() => openStore(dir, options));
  store = value;
  say('open', `${Math.round(ms)} ms with ${store.counts(CODE).waiting} entries`);
  await deliverSome(store);
  await store.close();
} finally {
  await rm(dir, { recursive: true, force: true });
}

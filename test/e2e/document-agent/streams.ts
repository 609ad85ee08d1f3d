import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { endToEnd } from './exchange.ts';
import { record, RecordReader, text, TYPE } from './records.ts';

/** A response in pieces: what is there of it, what follows, and how it ends. */
export async function* fromMessage(
  begun: readonly Buffer[],
  answer: IncomingMessage,
): AsyncGenerator<Buffer> {
  yield* begun;
  try {
    for await (const piece of answer) yield record(TYPE.data, piece as Buffer);
  } catch {
    yield record(TYPE.abort, text('The target broke off.'));
    return;
  }
  yield record(TYPE.end, text(...endToEnd(answer.rawTrailers)));
}

/** What a target says over a WebSocket. Its end leaves the other direction open. */
export async function* fromSocket(start: Buffer, socket: Socket): AsyncGenerator<Buffer> {
  yield start;
  try {
    for await (const piece of socket.iterator({ destroyOnReturn: false })) {
      yield record(TYPE.data, piece as Buffer);
    }
  } catch {
    yield record(TYPE.abort, text('The connection to the target broke.'));
    return;
  }
  yield record(TYPE.end);
}

/** The bytes of a fetched body. Throws if it breaks off. */
export async function* fetchedBytes(answer: IncomingMessage): AsyncGenerator<Buffer> {
  const reader = new RecordReader();
  for await (const chunk of answer) {
    for (const { type, payload } of reader.push(chunk as Buffer)) {
      if (type === TYPE.data) yield payload;
      else if (type === TYPE.end) return;
      else throw new Error('the caller broke off');
    }
  }
  throw new Error('a body without END');
}

/** Resolves when there is room again. Throws if there never will be. */
export async function drained(target: Writable): Promise<void> {
  const over = new AbortController();
  const event = (name: string): Promise<unknown[]> => once(target, name, { signal: over.signal });
  try {
    if (!target.destroyed) await Promise.race([event('drain'), event('close')]);
  } finally {
    over.abort();
  }
  if (target.destroyed) throw new Error('the target broke off');
}

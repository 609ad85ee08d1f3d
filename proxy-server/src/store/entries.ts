import type { PutOp, Row } from './messages.ts';
import type { Entry, Leased, Listed, NewEntry, StoredBodyPart, StoredHead } from './store.ts';

/** An entry as the database takes it; `full`: a quota is, so that it can only be a duplicate. */
export function putOp(entry: NewEntry, full: PutOp['full']): PutOp {
  const { id, code, body, attempts = 0, dedupe } = entry;
  const head = JSON.stringify(entry.head);
  const size = sizeOf(body);
  return {
    kind: 'put',
    id,
    code,
    head,
    receivedAt: Math.trunc(entry.head.receivedAt),
    bytes: head.length + size,
    body: body.kind,
    size,
    trailers: body.kind === 'spooled' ? JSON.stringify(body.trailers) : undefined,
    attempts,
    dedupe,
    full,
  };
}

export function leasedOf(code: string, row: Row): Leased {
  const { id, attempt, failures } = row;
  return { id, code, head: headOf(row), body: bodyOf(row), attempt, failures };
}

export function entryOf(code: string, row: Row): Entry {
  return { id: row.id, code, head: headOf(row), body: bodyOf(row), listed: listedOf(row) };
}

export function listedOf(row: Row): Listed {
  const { id, seq, state, size, attempt: attempts, dueInMs, reason } = row;
  const { method, target, receivedAt } = headOf(row);
  return { id, seq, state, method, target, receivedAt, size, attempts, dueInMs, reason };
}

function headOf({ head }: Row): StoredHead {
  return JSON.parse(head) as StoredHead;
}

function bodyOf({ body, size, trailers, content }: Row): StoredBodyPart {
  switch (body) {
    case 'none':
      return { kind: 'none' };
    case 'inline':
      return { kind: 'inline', bytes: bufferOf(content) };
    case 'spooled':
      return {
        kind: 'spooled',
        size,
        trailers: trailers === undefined ? [] : (JSON.parse(trailers) as string[]),
      };
  }
}

function bufferOf(content: Uint8Array | undefined): Buffer {
  if (content === undefined) return Buffer.alloc(0);
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

function sizeOf(body: StoredBodyPart): number {
  switch (body.kind) {
    case 'none':
      return 0;
    case 'inline':
      return body.bytes.length;
    case 'spooled':
      return body.size;
  }
}

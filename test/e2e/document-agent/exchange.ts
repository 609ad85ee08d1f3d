import { splitBody } from './records.ts';

/** An EXCHANGE as docs/protocol.md lists its items. */
export interface DocumentExchange {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly form: 'none' | 'inline' | 'stream' | 'upgrade';
  /** Of a body to be fetched, if it is known. */
  readonly length: string | undefined;
  /** Names and values in turn. */
  readonly fields: readonly string[];
  readonly body: Buffer;
}

export function readExchange(payload: Buffer): DocumentExchange {
  const { items, body } = splitBody(payload);
  const [id = '', method = '', target = '', , , , , , form = '', ...fields] = items;
  const [kind = '', length = '?'] = form.split(' ');
  if (kind !== 'none' && kind !== 'inline' && kind !== 'stream' && kind !== 'upgrade') {
    throw new Error(`a body of an unknown form: ${form}`);
  }
  const known = length === '?' ? undefined : length;
  return { id, method, target, form: kind, length: known, fields, body };
}

/** RFC 9110 section 7.6.1. */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'],
  'trailer',
]);

/** What may travel on of a message's fields. */
export function endToEnd(fields: readonly string[]): string[] {
  const named = new Set(HOP_BY_HOP);
  for (const [name, value] of pairs(fields)) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const token of value.split(',')) named.add(token.trim().toLowerCase());
  }
  return pairs(fields)
    .filter(([name]) => !named.has(name.toLowerCase()))
    .flat();
}

function pairs(fields: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2)
    found.push([fields[at] ?? '', fields[at + 1] ?? '']);
  return found;
}

/** The fields for the target: its own Host, and what this connection is for. */
export function fieldsForTarget(exchange: DocumentExchange, host: string): string[] {
  const rest = pairs(endToEnd(exchange.fields))
    .filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()))
    .flat();
  if (exchange.form === 'upgrade') {
    return ['Host', host, ...rest, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  }
  const fields = ['Host', host, ...rest, 'Connection', 'close'];
  if (exchange.form === 'none') return fields;
  const length = exchange.form === 'inline' ? String(exchange.body.length) : exchange.length;
  if (length === undefined) return [...fields, 'Transfer-Encoding', 'chunked'];
  return [...fields, 'Content-Length', length];
}

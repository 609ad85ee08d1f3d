import type { QueuedRequest } from '../../agent/index.ts';
import { visibleText } from '../base/visible.ts';
import { isText } from './document.ts';
import { layOutJson } from './json-layout.ts';
import { essence, fieldValue } from './media-type.ts';

/** A longer body is not part of the document but a document of its own, in bytes. */
export const MAX_EMBEDDED = 256 * 1024;

/**
 * A request of the queue as one JSON document. `body` is the whole body with Content-Encoding undone,
 * undefined if it is too long; `warning` is what a person should know before it is delivered.
 */
export function queuedDocument(
  request: QueuedRequest,
  body: Uint8Array | undefined,
  warning: string | undefined,
): string {
  const { id, state, method, target, receivedAt, caller, httpVersion } = request;
  const { size, attempts, dueInSeconds, reason, fields } = request;
  const members: readonly (readonly [string, unknown])[] = [
    ['id', id],
    ['state', state],
    ['warning', warning],
    ['received', new Date(receivedAt).toISOString()],
    ['deliveries', attempts],
    ['reason', reason === undefined ? undefined : visibleText(reason)],
    ['nextDeliveryInSeconds', dueInSeconds === 0 ? undefined : dueInSeconds],
    ['caller', caller],
    ['method', method],
    ['target', visibleText(target)],
    ['httpVersion', httpVersion],
    ['size', size],
  ];
  const texts = members
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  texts.push(`"fields":${fieldsJson(fields)}`);
  const content = body === undefined ? undefined : bodyJson(body, fields);
  if (content !== undefined) texts.push(`"body":${content}`);
  return `${layOutJson(`{${texts.join(',')}}`)}\n`;
}

/** By name, in the order of their first lines; several of the same name as a list. */
function fieldsJson(fields: readonly string[]): string {
  const byName = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (let at = 0; at < fields.length; at += 2) {
    const name = visibleText(fields[at] ?? '');
    const value = visibleText(fields[at + 1] ?? '');
    const known = byName.get(name.toLowerCase());
    if (known === undefined) byName.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  const members = [...byName.values()].map(
    ({ name, values }) =>
      `${JSON.stringify(name)}:${JSON.stringify(values.length === 1 ? values[0] : values)}`,
  );
  return `{${members.join(',')}}`;
}

/** JSON as it came, digits and double keys included; other text as a string; nothing for the rest. */
function bodyJson(body: Uint8Array, fields: readonly string[]): string | undefined {
  if (body.length === 0 || !isText(body)) return undefined;
  const text = Buffer.from(body).toString();
  const type = essence(fieldValue(fields, 'content-type'));
  if (type === '' || type === 'application/json' || type.endsWith('+json')) {
    try {
      JSON.parse(text);
      return text;
    } catch {
      // Then it is text.
    }
  }
  return JSON.stringify(text);
}

import { EXIT, type ExitCode } from 'caronte-proxy/command';
import type { QueuedRequest } from 'caronte-proxy/protocol';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { staleSignature } from '../../agent/index.ts';
import type { TunnelFlags } from '../tunnel/flags.ts';
import { age, size, visible, visibleBytes } from '../view/index.ts';
import { readIds, resolveIds } from './ids.ts';
import type { Output, QueueContext } from './output.ts';
import { dueText, staleText } from './table.ts';

export interface ShowFlags extends TunnelFlags {
  readonly body?: true;
}

export interface ShowOptions {
  readonly ids: readonly string[];
  /** The body alone. */
  readonly body: boolean;
}

export function readShowOptions(id: string, flags: ShowFlags, problems: string[]): ShowOptions {
  return { ids: readIds([id], problems), body: flags.body === true };
}

/** Shows one request, or its body. */
export async function showQueued(
  { client, output }: QueueContext,
  { ids, body }: ShowOptions,
): Promise<ExitCode> {
  const { ids: whole, problems } = await resolveIds(client, ids);
  for (const problem of problems) output.complain(problem);
  const [id] = whole;
  if (id === undefined) return EXIT.failure;
  if (body) await pour(await client.body(id), output);
  else for (const line of requestLines(await client.show(id), output)) output.print(line);
  return EXIT.ok;
}

/** The body byte for byte; to a terminal, nothing that it would act on. */
async function pour(body: Readable, { stdout, isTerminal }: Output): Promise<void> {
  const steps: readonly [Readable, ...Transform[], Writable] = isTerminal
    ? [body, harmless(), stdout]
    : [body, stdout];
  await pipeline(steps, { end: false });
  if (isTerminal) stdout.write('\n');
}

function harmless(): Transform {
  const decoder = new StringDecoder('utf8');
  const shown = (text: string): string => text.replace(/[^\n\t]+/g, visible);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, shown(decoder.write(chunk))),
    flush: (done) => done(null, shown(decoder.end())),
  });
}

function requestLines(request: QueuedRequest, { style, now, moment }: Output): string[] {
  const { id, state, receivedAt, caller, attempts, reason, fields } = request;
  const at = now();
  const due = dueText(request);
  const stale = staleText(staleSignature(request, at));
  const lines = [
    `id        ${id}`,
    `state     ${state === 'waiting' && due !== '' ? `waiting, due ${due}` : STATES[state]}`,
    `received  ${moment(receivedAt, at)}, ${age(at - receivedAt)} ago, from ${visible(caller)}`,
    `size      ${size(request.size)}`,
    `attempts  ${attempts}${reason === undefined ? '' : `: ${visible(reason)}`}`,
    ...(stale === '' ? [] : [style.notable(`warning   ${visible(stale)}`)]),
    '',
    style.bold(
      `${visibleBytes(request.method)} ${visibleBytes(request.target)} HTTP/${visibleBytes(request.httpVersion)}`,
    ),
  ];
  for (let field = 0; field < fields.length; field += 2) {
    lines.push(`${visibleBytes(fields[field] ?? '')}: ${visibleBytes(fields[field + 1] ?? '')}`);
  }
  return lines;
}

const STATES = { waiting: 'waiting', delivering: 'being delivered', dead: 'given up' } as const;

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { answerJson, answerProblem, originForm, readBody, TooLargeError } from '../http/index.ts';
import {
  AGENT_PATHS,
  isCode,
  isId,
  MalformedError,
  PAGE_LIMIT,
  type Problem,
  QUEUE_LISTS,
  type QueueChoice,
  type QueuePage,
  readQueueChoice,
  WIRE_LIMITS,
} from '../protocol/index.ts';
import type { Logger } from '../routing/index.ts';
import type { Selection, Store } from '../store/index.ts';
import { entryJson, pageJson } from './json.ts';
import type { Queues } from './queues.ts';

/** Largest body of these requests, in bytes: more than the ids that one of them may name. */
const MAX_BODY = WIRE_LIMITS.hello;

/** What is asked for, from the path. */
interface Asked {
  readonly code: string;
  readonly words: readonly string[];
  readonly query: URLSearchParams;
}

/** Answers what people ask of queues, through the command line or the editor. Callers have been authorised. */
export class QueueApi {
  readonly #queues: Queues;
  readonly #log: Logger;

  constructor(queues: Queues, log: Logger) {
    this.#queues = queues;
    this.#log = log;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { store } = this.#queues;
    const asked = read(request);
    if (store === undefined) return answerProblem(response, UNAVAILABLE);
    if (asked === undefined) return answerProblem(response, NO_SUCH_REQUEST);
    this.#answer(store, asked, request, response).catch((error: unknown) => {
      // Whoever broke off is not there to be answered.
      if (response.headersSent || !request.complete) return void response.destroy();
      answerProblem(response, problemOf(error, this.#log));
    });
  }

  async #answer(
    store: Store,
    asked: Asked,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { code, words } = asked;
    const [first, second] = words;
    if (request.method === 'GET') {
      if (first === undefined) return answerJson(response, await this.#page(store, asked));
      if (isId(first)) return await this.#entry(store, code, first, second, response);
    } else if (request.method === 'POST' && second === undefined) {
      switch (first) {
        case 'deliver':
        case 'discard': {
          const lists = first === 'deliver' ? (['dead'] as const) : QUEUE_LISTS;
          const which = selectionOf(readQueueChoice(await readJson(request), lists));
          const count = await this.#act(store, code, first, which);
          return answerJson(response, { count });
        }
        case 'pause':
        case 'resume':
          await readBody(request, MAX_BODY);
          this.#queues.find(code)?.pause(first === 'pause');
          return answerJson(response, { queue: this.#queues.stateOf(code) });
        default:
      }
    }
    answerProblem(response, NO_SUCH_REQUEST);
  }

  async #page(store: Store, { code, query }: Asked): Promise<QueuePage> {
    const state = QUEUE_LISTS.find((list) => list === (query.get('state') ?? 'waiting'));
    if (state === undefined) throw new MalformedError('"state" is neither waiting nor dead');
    const after = number(query, 'after');
    const most = Math.min(Math.max(1, number(query, 'limit') ?? PAGE_LIMIT.usual), PAGE_LIMIT.most);
    return pageJson(this.#queues.stateOf(code), await store.list(code, state, after, most));
  }

  async #entry(
    store: Store,
    code: string,
    id: string,
    part: string | undefined,
    response: ServerResponse,
  ): Promise<void> {
    const entry = await store.get(code, id);
    if (entry === undefined) return answerProblem(response, UNKNOWN);
    if (part === undefined) return answerJson(response, entryJson(entry));
    if (part !== 'body') return answerProblem(response, NO_SUCH_REQUEST);
    const { body } = entry;
    const length =
      body.kind === 'none' ? 0 : body.kind === 'inline' ? body.bytes.length : body.size;
    response.writeHead(200, [
      'Content-Type',
      'application/octet-stream',
      'Content-Length',
      String(length),
      'Cache-Control',
      'no-store',
    ]);
    if (body.kind !== 'spooled') response.end(body.kind === 'inline' ? body.bytes : undefined);
    // What fails here breaks the connection, and so shows that the body is not whole.
    else pipeline(store.openBody(entry), response, () => undefined);
  }

  async #act(
    store: Store,
    code: string,
    action: 'deliver' | 'discard',
    selection: Selection,
  ): Promise<number> {
    const count =
      action === 'deliver'
        ? await store.deliverAgain(code, selection)
        : await store.discard(code, selection);
    if (count > 0) this.#log.info({ code, count, action }, 'queue changed by hand');
    const chosen = action === 'deliver' && typeof selection !== 'string' ? selection : [];
    this.#queues.find(code)?.changed(chosen);
    return count;
  }
}

const UNAVAILABLE: Problem = {
  code: 'queue_unavailable',
  detail: 'This proxy keeps no queue: it was started without --data-dir.',
};

const NO_SUCH_REQUEST: Problem = { code: 'not_found', detail: 'Queues have no such request.' };

const UNKNOWN: Problem = {
  code: 'entry_unknown',
  detail: 'It was delivered or discarded, or belongs to another code.',
};

function selectionOf(choice: QueueChoice): Selection {
  if ('ids' in choice) return choice.ids;
  return choice.all === 'dead' ? 'all dead' : 'all waiting';
}

/** `/agent/queue/<code>/<words…>?<query>`; undefined if there is no code. */
function read(request: IncomingMessage): Asked | undefined {
  const [path = '', query = ''] = originForm(request.url ?? '').split('?');
  const [code = '', ...words] = path.slice(AGENT_PATHS.queue.length).split('/');
  return isCode(code) ? { code, words, query: new URLSearchParams(query) } : undefined;
}

function number(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new MalformedError(`"${name}" is no whole number`);
  return Number(value);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  return JSON.parse((await readBody(request, MAX_BODY)).toString('utf8')) as unknown;
}

function problemOf(error: unknown, log: Logger): Problem {
  if (error instanceof SyntaxError) return { code: 'malformed', detail: 'The body is not JSON.' };
  if (error instanceof MalformedError || error instanceof TooLargeError) {
    return { code: 'malformed', detail: error.message };
  }
  log.error({ error: String(error) }, 'queue cannot be read');
  return { code: 'store_failed', detail: 'Try again later.', retryAfter: 10 };
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Limits } from '../config/limits.ts';
import { answerJson, answerProblem, originForm, readBody, TooLargeError } from '../http/index.ts';
import {
  AGENT_PATHS,
  decodeAcknowledge,
  FIELD,
  type HelloAnswer,
  type HelloRequest,
  MalformedError,
  type Problem,
  PROTOCOL_VERSION,
  readHello,
  RECORD,
  RecordDecoder,
  RECORDS_TYPE,
  type TunnelPolicy,
  VERSION_BYTE,
  WIRE_LIMITS,
} from '../protocol/index.ts';
import type { Clock, Logger } from '../routing/index.ts';
import type { Authenticator } from './auth.ts';
import { answerBody } from './body-answer.ts';
import { Poll } from './poll.ts';
import type { Registry } from './registry.ts';
import { asBuffer, ReplyReader } from './reply.ts';
import type { Session } from './session.ts';

export interface AgentApiOptions {
  readonly limits: Limits;
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  readonly queues: QueueDesk;
  /** The addresses of a code's tunnel that the proxy knows of, best first. */
  readonly publicUrls: (code: string) => readonly string[];
}

/** What the agents' side asks of the queues. */
export interface QueueDesk {
  /** Why the policy of an agent cannot be met; undefined if it can. */
  refuse(policy: TunnelPolicy): Problem | undefined;
  /** Takes an agent's policy for its tunnel. Resolves with what the agent is told. */
  welcome(hello: HelloRequest, isNew: boolean): Promise<Pick<HelloAnswer, 'queue' | 'missed'>>;
  /** Handles an authorised request below `/agent/queue/`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** Time between two lines of the log about refused secrets, in milliseconds. */
const REFUSAL_LOG_MS = 10_000;

type Handler = (session: Session, request: IncomingMessage, response: ServerResponse) => void;

/** The agents' side: every request is authorised, and acts only within its own session. */
export class AgentApi {
  readonly #options: AgentApiOptions;
  readonly #handlers: Readonly<Record<string, Handler>>;
  #draining = false;
  /** Refused secrets since the log last said so. */
  #refusals = 0;
  #quietUntil = 0;

  constructor(options: AgentApiOptions) {
    this.#options = options;
    this.#handlers = {
      [AGENT_PATHS.poll]: (...args) => void this.#poll(...args),
      [AGENT_PATHS.reply]: (...args) => this.#reply(...args),
      [AGENT_PATHS.bye]: (...args) => void this.#bye(...args),
    };
  }

  drain(): void {
    this.#draining = true;
    this.#options.registry.drain();
  }

  /** Handles a request whose path begins with `/agent/`; `from` is the address that it comes from. */
  handle(request: IncomingMessage, response: ServerResponse, from: string): void {
    const path = originForm(request.url ?? '');
    if (!this.#options.authenticator.allows(request.headers.authorization)) {
      this.#noteRefusal(from);
      return answerProblem(response, {
        code: 'unauthorized',
        detail:
          'The proxy does not know this secret. Give the agent the one the proxy was started with.',
      });
    }
    if (path === AGENT_PATHS.hello) return void this.#hello(request, response);
    if (path.startsWith(AGENT_PATHS.queue)) return this.#options.queues.handle(request, response);
    const isBody = path.startsWith(AGENT_PATHS.body);
    const handler = isBody ? this.#body.bind(this) : this.#handlers[path];
    if (handler === undefined || request.method !== (isBody ? 'GET' : 'POST')) {
      return answerProblem(response, { code: 'not_found', detail: 'Agents have no such request.' });
    }
    const session = this.#options.registry.session(String(request.headers[SESSION_KEY] ?? ''));
    if (session === undefined) {
      return answerProblem(response, { code: 'session_unknown', detail: 'Say hello again.' });
    }
    handler(session, request, response);
  }

  /** Says that a secret was refused, at most once in so long: guessing must not fill the log. */
  #noteRefusal(address: string): void {
    this.#refusals += 1;
    const now = this.#options.clock.monotonic();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + REFUSAL_LOG_MS;
    this.#options.log.warn({ address, count: this.#refusals }, 'secret refused');
    this.#refusals = 0;
  }

  async #hello(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const hello = await readHelloBody(request);
    if (response.destroyed) return;
    if ('problem' in hello) return answerProblem(response, hello.problem);
    const refusal = this.#refuse(hello);
    if (refusal !== undefined) return answerProblem(response, refusal);
    const attached = this.#options.registry.hello(hello);
    if (attached.kind === 'refused') return answerProblem(response, attached.problem);
    const { limits, publicUrls, queues, log } = this.#options;
    let kept: Awaited<ReturnType<QueueDesk['welcome']>>;
    try {
      kept = await queues.welcome(hello, attached.isNew);
    } catch (error) {
      log.error({ code: hello.code, error: String(error) }, 'policy not kept');
      const detail = 'The policy of the tunnel could not be kept. Try again shortly.';
      return answerProblem(response, { code: 'store_failed', detail, retryAfter: 2 });
    }
    const answer: HelloAnswer = {
      protocol: PROTOCOL_VERSION,
      session: attached.session.id,
      publicUrls: publicUrls(hello.code),
      maxWaitSeconds: limits.maxTimeoutLongPoll,
      maxResponseSeconds: limits.maxTimeoutResponse,
      maxBodyBytes: limits.maxBody,
      ...kept,
    };
    answerJson(response, answer);
  }

  #refuse(hello: HelloRequest): Problem | undefined {
    if (this.#draining) return { code: 'draining', detail: 'Try again shortly.', retryAfter: 2 };
    const { min, max } = hello.protocol;
    if (min <= PROTOCOL_VERSION && PROTOCOL_VERSION <= max) {
      return this.#options.queues.refuse(hello.policy);
    }
    const older = max < PROTOCOL_VERSION ? 'agent' : 'proxy';
    return {
      code: 'protocol_unsupported',
      detail: `The proxy speaks version ${PROTOCOL_VERSION}, the agent ${min} to ${max}. Upgrade the ${older}.`,
    };
  }

  async #poll(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ids = await readAcknowledgements(request);
    if ('problem' in ids) return answerProblem(response, ids.problem);
    session.acknowledge(ids.acknowledged);
    if (response.destroyed) return;
    const { limits, clock } = this.#options;
    const waitMs = Math.min(count(request, WAIT_KEY, 50), limits.maxTimeoutLongPoll) * 1000;
    const capacity = count(request, CAPACITY_KEY, Number.MAX_SAFE_INTEGER);
    const poll = new Poll(response, { capacity, waitMs, clock }, () => session.endPoll(poll));
    response.on('close', () => session.dropPoll(poll));
    session.addPoll(poll);
  }

  #reply(session: Session, request: IncomingMessage, response: ServerResponse): void {
    new ReplyReader(session, request).read((result) => {
      if (result.kind === 'broken') return response.destroy();
      if (result.kind === 'malformed') {
        return answerProblem(response, { code: 'malformed', detail: result.detail });
      }
      const body = Buffer.from(String.fromCharCode(VERSION_BYTE) + result.results, 'latin1');
      const length = String(body.length);
      response.writeHead(200, ['Content-Type', RECORDS_TYPE, 'Content-Length', length]);
      response.end(body);
    });
  }

  #body(session: Session, request: IncomingMessage, response: ServerResponse): void {
    const exchange = session.find(originForm(request.url ?? '').slice(AGENT_PATHS.body.length));
    if (exchange === undefined || !answerBody(response, exchange, this.#options.clock)) {
      return answerProblem(response, {
        code: 'exchange_unknown',
        detail: 'The exchange is over, its body was fetched before, or it is another agent’s.',
      });
    }
    response.on('finish', () => session.acceptIfComplete(exchange));
  }

  async #bye(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ids = await readAcknowledgements(request);
    if ('problem' in ids) return answerProblem(response, ids.problem);
    session.acknowledge(ids.acknowledged);
    this.#options.registry.bye(session);
    response.writeHead(204);
    response.end();
  }
}

const SESSION_KEY = FIELD.session.toLowerCase();
const WAIT_KEY = FIELD.wait.toLowerCase();
const CAPACITY_KEY = FIELD.capacity.toLowerCase();

/** A count that a field carries; the default if it is absent or no whole number. */
function count(request: IncomingMessage, key: string, otherwise: number): number {
  const text = request.headers[key];
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

async function readHelloBody(
  request: IncomingMessage,
): Promise<HelloRequest | { readonly problem: Problem }> {
  try {
    const value: unknown = JSON.parse(
      (await readBody(request, WIRE_LIMITS.hello)).toString('utf8'),
    );
    return readHello(value);
  } catch (error) {
    return { problem: malformed(error) };
  }
}

async function readAcknowledgements(
  request: IncomingMessage,
): Promise<{ readonly acknowledged: string[] } | { readonly problem: Problem }> {
  try {
    const body = await readBody(request, WIRE_LIMITS.acknowledgements);
    const acknowledged: string[] = [];
    const decoder = new RecordDecoder({
      allocate: (size) => Buffer.allocUnsafe(size),
      onRecord: (type, payload) => {
        if (type !== RECORD.acknowledge)
          throw new MalformedError('a poll carries ACKNOWLEDGE only');
        acknowledged.push(...decodeAcknowledge(asBuffer(payload)));
      },
      onData: () => {
        throw new MalformedError('a poll carries ACKNOWLEDGE only');
      },
    });
    decoder.push(body);
    decoder.finish();
    return { acknowledged };
  } catch (error) {
    return { problem: malformed(error) };
  }
}

function malformed(error: unknown): Problem {
  if (error instanceof MalformedError || error instanceof TooLargeError) {
    return { code: 'malformed', detail: error.message };
  }
  if (error instanceof SyntaxError) return { code: 'malformed', detail: 'The body is not JSON.' };
  return { code: 'malformed', detail: 'The body broke off.' };
}

import type { Limits } from '../config/limits.ts';
import type { Problem } from '../protocol/index.ts';
import type { Clock, Exchange } from '../routing/index.ts';
import type { ReaderPace } from './caller-response.ts';
import { type Place, Places } from './places.ts';

/** Nothing from a caller for so long, in milliseconds, is silence where others wait. */
const SILENCE_MS = 2_000;

/** The answer to a request for a WebSocket is the target's affair, which may have to begin its work. */
const UNANSWERED_MS = 10_000;

/** The kinds of exchanges that a caller can hold up, each with places of its own. */
export class SlowCallers {
  readonly #uploads: Places;
  readonly #unread: Places;
  readonly #upgrades: Places;

  constructor({ maxSlowPerCode: most, buffer: mostWaiting }: Limits, clock: Clock) {
    const common = { most, mostWaiting, clock, silenceMs: SILENCE_MS };
    this.#uploads = new Places({ ...common, name: 'uploads on their way' });
    this.#unread = new Places({ ...common, name: 'answers that wait for their callers' });
    const name = 'requests for WebSockets without an answer';
    this.#upgrades = new Places({ ...common, name, silenceMs: UNANSWERED_MS });
  }

  /**
   * Has an exchange offered whose body is still on its way, once there is a place for it. Returns what
   * is to be called when all of the body is here.
   */
  upload(exchange: Exchange, body: { isSilent(): boolean }, offer: () => void): () => void {
    return this.#enter(this.#uploads, exchange, { begin: offer, isSilent: () => body.isSilent() });
  }

  /** The same for a request for a WebSocket; to be called when it is answered. */
  upgrade(exchange: Exchange, offer: () => void): () => void {
    return this.#enter(this.#upgrades, exchange, { begin: offer, isSilent: ALWAYS });
  }

  /** For the pace at which the caller reads an answer in pieces. */
  reader(exchange: Exchange): ReaderPace {
    const holder = { begin: IGNORE, isSilent: ALWAYS, refuse: refuse(exchange) };
    let place: Place | undefined;
    const leave = (): void => {
      if (place !== undefined) this.#unread.leave(place);
    };
    exchange.onEnd(leave);
    return {
      onBehind: () => {
        if (!exchange.ended) place = this.#unread.squeeze(exchange.code, holder);
      },
      onCaughtUp: leave,
    };
  }

  refuseWaiting(problem: Problem): void {
    this.#uploads.refuseWaiting(problem);
    this.#upgrades.refuseWaiting(problem);
  }

  #enter(
    places: Places,
    exchange: Exchange,
    holder: { readonly begin: () => void; readonly isSilent: () => boolean },
  ): () => void {
    const place = places.enter(exchange.code, { ...holder, refuse: refuse(exchange) });
    const leave = (): void => places.leave(place);
    exchange.onEnd(leave);
    return leave;
  }
}

/** Breaks the answer off if it has begun. */
function refuse(exchange: Exchange): (problem: Problem) => void {
  return (problem) => void exchange.fail(problem);
}

const ALWAYS = (): boolean => true;
const IGNORE = (): void => undefined;

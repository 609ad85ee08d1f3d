import type { IncomingMessage } from 'node:http';
import { noteWhole } from '../http/index.ts';
import { type BodyForm, type Deadline, type Deadlines, WIRE_LIMITS } from '../protocol/index.ts';
import type {
  BodySink,
  Clock,
  HeldBytes,
  RequestBody,
  SideReader,
  Timer,
  Turn,
} from '../routing/index.ts';
import { trailersForTarget } from './forwarded.ts';

const EMPTY = Buffer.alloc(0);
/** Whoever sends less than this while it is watched might as well send nothing. */
const LEAST = 1024;

const BROKE_OFF = 'the caller broke off, or was answered early';

/** What the edge hears of a body while it arrives. */
export interface BodyWatcher {
  /** The form is settled: the exchange can be offered. Called once. */
  onReady(): void;
  /** The body grew beyond `maxBytes`. */
  onTooLarge(): void;
  /** As much as may be held in memory is held already. */
  onNoRoom(): void;
  /** No byte came for the idle time although there was room. */
  onStalled(): void;
  /** Whose turn it is now, once somebody reads. */
  onTurn(turn: Turn): void;
  /** All of it is here. */
  onArrived(): void;
}

export interface BodyContext {
  readonly maxBytes: number;
  readonly idleMs: number;
  readonly clock: Clock;
  readonly heldBytes: HeldBytes;
  /** Tells a body that it took too long to travel whole. */
  readonly gathering: Deadlines<CallerBody>;
}

/**
 * A caller's body as it arrives. What is small and complete within a few milliseconds is handed on
 * whole; anything else is streamed, with the reader's pace passed on to the caller.
 */
export class CallerBody implements RequestBody {
  readonly #request: IncomingMessage;
  readonly #watcher: BodyWatcher;
  readonly #context: BodyContext;
  readonly #length: number | undefined;
  /** In whose name bytes are held. */
  readonly #holder: string;
  #form: BodyForm | undefined;
  #chunks: Buffer[] = [];
  #held = 0;
  #received = 0;
  /** How much had been received when that was last asked. */
  #noted = 0;
  #sink: BodySink | undefined;
  #sinkHasRoom = true;
  #beside: SideReader[] | undefined;
  #arrived = false;
  #finished = false;
  #streamed = false;
  #discarded = false;
  #idle: Timer | undefined;
  #gather: Deadline<CallerBody> | undefined;

  /** `holder`: the code in whose name bytes are held. */
  constructor(
    request: IncomingMessage,
    holder: string,
    context: BodyContext,
    watcher: BodyWatcher,
  ) {
    this.#request = request;
    this.#holder = holder;
    this.#watcher = watcher;
    this.#context = context;
    const length = request.headers['content-length'];
    this.#length = length === undefined ? undefined : Number(length);
  }

  get form(): BodyForm {
    return this.#form ?? { kind: 'stream', length: this.#length };
  }

  get bytes(): Buffer {
    if (this.#form?.kind !== 'inline') return EMPTY;
    const [only = EMPTY] = this.#chunks;
    return this.#chunks.length <= 1 ? only : Buffer.concat(this.#chunks);
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Whether all of it is here. */
  get arrived(): boolean {
    return this.#arrived || this.#form?.kind === 'none';
  }

  /** Whether the caller sent next to nothing since this was asked last, although there was room. */
  isSilent(): boolean {
    const received = this.#received - this.#noted;
    this.#noted = this.#received;
    return received < LEAST && !this.#request.isPaused();
  }

  /** Begins to read. `onReady` may be called before this returns. */
  begin(): void {
    if (this.#length === undefined && this.#request.headers['transfer-encoding'] === undefined) {
      noteWhole(this.#request, this.#context.clock.monotonic());
      this.#finished = true;
      this.#settle({ kind: 'none' });
      return;
    }
    if (this.#length !== undefined && this.#length > this.#context.maxBytes) {
      this.#watcher.onTooLarge();
      return;
    }
    this.#request.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#request.on('end', () => this.#onEnd());
    if (this.#length !== undefined && this.#length > WIRE_LIMITS.inlineBody) this.becomeStream();
    else this.#gather = this.#context.gathering.add(this);
  }

  stream(sink: BodySink): boolean {
    if (this.#form?.kind !== 'stream' || this.#streamed) return false;
    this.#streamed = true;
    this.#sink = sink;
    const chunks = this.#letGo();
    for (const chunk of chunks) this.#pass(sink, chunk);
    if (this.#arrived) this.#finish();
    else if (this.#hasRoom()) this.resume();
    else this.#watcher.onTurn('reader');
    return true;
  }

  tee(beside: SideReader): void {
    (this.#beside ??= []).push(beside);
  }

  resume(): void {
    this.#sinkHasRoom = true;
    this.onReady();
  }

  onReady(): void {
    if (this.#arrived || this.#discarded || this.#sink === undefined || !this.#hasRoom()) return;
    this.#idle?.refresh();
    this.#watcher.onTurn('source');
    this.#request.resume();
  }

  /** The exchange has ended: whoever reads hears of it, and what still arrives is dropped. */
  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#endGather();
    this.#idle?.cancel();
    this.#letGo();
    if (!this.#finished) {
      this.#sink?.abort(BROKE_OFF);
      for (const one of this.#beside ?? []) one.abort(BROKE_OFF);
    }
    this.#sink = undefined;
    this.#beside = undefined;
    this.#request.resume();
  }

  #onData(chunk: Buffer): void {
    if (this.#discarded) return;
    this.#received += chunk.length;
    if (this.#received > this.#context.maxBytes) {
      this.#watcher.onTooLarge();
      return;
    }
    this.#idle?.refresh();
    if (this.#sink !== undefined) {
      if (this.#pass(this.#sink, chunk)) return;
      this.#request.pause();
      this.#watcher.onTurn('reader');
      return;
    }
    if (!this.#context.heldBytes.take(this.#holder, chunk.length)) {
      this.#watcher.onNoRoom();
      return;
    }
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held <= WIRE_LIMITS.inlineBody) return;
    this.becomeStream();
    this.#request.pause();
  }

  /** What is held is handed on, or not needed any more. */
  #letGo(): Buffer[] {
    this.#context.heldBytes.give(this.#holder, this.#held);
    this.#held = 0;
    return this.#chunks.splice(0);
  }

  #pass(sink: BodySink, chunk: Buffer): boolean {
    if (this.#beside !== undefined) for (const one of this.#beside) one.write(chunk);
    this.#sinkHasRoom = sink.write(chunk);
    return this.#hasRoom();
  }

  #hasRoom(): boolean {
    if (!this.#sinkHasRoom || this.#beside === undefined) return this.#sinkHasRoom;
    return this.#beside.every(({ ready }) => ready);
  }

  /** It takes too long, or is too large, to travel whole. */
  becomeStream(): void {
    if (this.#form !== undefined || this.#discarded) return;
    this.#idle = this.#context.clock.after(this.#context.idleMs, () => this.#onIdle());
    this.#settle({ kind: 'stream', length: this.#length });
  }

  #settle(form: BodyForm): void {
    this.#endGather();
    this.#form = form;
    this.#watcher.onReady();
  }

  #endGather(): void {
    if (this.#gather !== undefined) this.#context.gathering.remove(this.#gather);
  }

  #onIdle(): void {
    if (this.#arrived || this.#discarded) return;
    // Paused by the reader: the silence is not the caller's.
    if (this.#request.isPaused()) this.#idle?.refresh();
    else this.#watcher.onStalled();
  }

  #onEnd(): void {
    noteWhole(this.#request, this.#context.clock.monotonic());
    this.#arrived = true;
    this.#idle?.cancel();
    if (this.#discarded) return;
    this.#watcher.onArrived();
    if (this.#form === undefined) {
      // Only a stream has a place for trailers.
      if (trailersForTarget(this.#request.rawTrailers).length > 0) {
        this.#settle({ kind: 'stream', length: undefined });
        return;
      }
      this.#finished = true;
      this.#settle({ kind: 'inline' });
    } else if (this.#sink !== undefined) {
      this.#finish();
    }
  }

  #finish(): void {
    this.#finished = true;
    const trailers = trailersForTarget(this.#request.rawTrailers);
    this.#sink?.end(trailers);
    for (const one of this.#beside ?? []) one.end(trailers);
  }
}

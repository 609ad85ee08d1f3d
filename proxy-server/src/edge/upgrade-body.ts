import type { Socket } from 'node:net';
import { type BodyForm, WIRE_LIMITS } from '../protocol/index.ts';
import type { BodySink, HeldBytes, RequestBody } from '../routing/index.ts';

const FORM: BodyForm = { kind: 'upgrade' };
const EMPTY = Buffer.alloc(0);

/** So many bytes are taken from a caller that sends before it was answered; then it has to wait. */
const HELD = WIRE_LIMITS.inlineBody;

/** What the edge hears of an upgraded connection. */
export interface UpgradeWatcher {
  /** As much as may be held in memory is held already. */
  onNoRoom(): void;
  /** The caller has closed its direction; what it sent may still have to be handed on. */
  onInputEnd(): void;
  /** All that the caller sent was handed on, up to its half-close. */
  onEnd(): void;
  /** Whoever read is gone before the caller had ended. */
  onUnread(): void;
}

/** What a caller sends behind a request for a WebSocket: bytes that mean nothing to the proxy. */
export class UpgradeBody implements RequestBody {
  readonly form = FORM;
  readonly bytes = EMPTY;
  readonly #socket: Socket;
  readonly #watcher: UpgradeWatcher;
  /** In whose name bytes are held. */
  readonly #holder: string;
  readonly #heldInAll: HeldBytes;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #sink: BodySink | undefined;
  #streamed = false;
  #arrived = false;
  #finished = false;
  #discarded = false;

  /** `holder`: the code in whose name bytes are held, among those `held` in all. */
  constructor(socket: Socket, holder: string, held: HeldBytes, watcher: UpgradeWatcher) {
    this.#socket = socket;
    this.#holder = holder;
    this.#heldInAll = held;
    this.#watcher = watcher;
  }

  /** Whether the caller has closed its direction. */
  get arrived(): boolean {
    return this.#arrived;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Begins to read, so that a caller who leaves is noticed; `head` came with the request. */
  begin(head: Buffer): void {
    if (head.length > 0) this.#onData(head);
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('end', () => this.#onEnd());
  }

  stream(sink: BodySink): boolean {
    if (this.#streamed || this.#discarded) return false;
    this.#streamed = true;
    this.#sink = sink;
    const held = this.#letGo();
    let room = true;
    for (const chunk of held) room = sink.write(chunk);
    if (this.#arrived) this.#finish();
    else if (room) this.#socket.resume();
    return true;
  }

  /** What follows an upgrade is for one agent alone: exchanges with such a body are not copied. */
  tee(): never {
    throw new Error('the bytes behind an upgrade cannot be copied');
  }

  onReady(): void {
    // Nobody reads beside.
  }

  resume(): void {
    this.#socket.resume();
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#letGo();
    const sink = this.#sink;
    this.#sink = undefined;
    if (!this.#finished) {
      sink?.abort('the connection broke off');
      this.#watcher.onUnread();
    }
    this.#socket.resume();
  }

  #onData(chunk: Buffer): void {
    if (this.#discarded) return;
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) this.#socket.pause();
      return;
    }
    if (!this.#heldInAll.take(this.#holder, chunk.length)) return this.#watcher.onNoRoom();
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > HELD) this.#socket.pause();
  }

  #letGo(): Buffer[] {
    this.#heldInAll.give(this.#holder, this.#heldBytes);
    this.#heldBytes = 0;
    return this.#held.splice(0);
  }

  #onEnd(): void {
    this.#arrived = true;
    this.#watcher.onInputEnd();
    if (this.#sink !== undefined && !this.#discarded) this.#finish();
  }

  #finish(): void {
    this.#finished = true;
    this.#sink?.end([]);
    this.#watcher.onEnd();
  }
}

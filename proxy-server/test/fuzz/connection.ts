import { connect, type Socket } from 'node:net';
import { within } from '../support/wait.ts';

/** How long any case may take before it counts as hung, in milliseconds. */
const PATIENCE_MS = 60_000;

/** A connection of which only what comes back is of interest. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #over = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#socket.on('data', (chunk) => {
      this.#received.push(chunk);
      this.#wake();
    });
    // A reset is an answer too: what came before it is looked at.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('end', () => this.#socket.end());
    this.#socket.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Writes the pieces, with a turn of the event loop between them, so that each may travel alone. */
  async write(pieces: readonly string[]): Promise<void> {
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      if (piece !== '' && this.#socket.writable) this.#socket.write(piece, 'latin1');
    }
  }

  /** No more will be sent. */
  finish(): void {
    this.#socket.end();
  }

  /** Gone without a word. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Takes what came, in Latin-1, once `enough` says so, or the connection is over. */
  async take(enough: (text: string) => boolean): Promise<string> {
    const all = new Promise<string>((resolve) => {
      this.#wake = () => {
        const text = Buffer.concat(this.#received).toString('latin1');
        if (this.#over || enough(text)) resolve(text);
      };
      this.#wake();
    });
    const text = await within(all, 'an answer', PATIENCE_MS);
    this.#received = [];
    this.#wake = () => undefined;
    return text;
  }
}

import { WIRE_LIMITS } from '../protocol/index.ts';
import type { RequestBody, SideReader } from '../routing/index.ts';

/**
 * Holds a small body that did not come at once, while an agent reads it: it can be read but once, and
 * is to be kept if that agent is lost. What is too large, or has trailers, is let go.
 */
export class SmallBody implements SideReader {
  readonly ready = true;
  #pieces: Buffer[] = [];
  #size = 0;
  #state: 'arriving' | 'whole' | 'let go' = 'arriving';

  /** Undefined for a body that travels whole, or is known to be too large. */
  static beside(body: RequestBody): SmallBody | undefined {
    const { form } = body;
    if (form.kind !== 'stream' || (form.length ?? 0) > WIRE_LIMITS.inlineBody) return undefined;
    const small = new SmallBody();
    body.tee(small);
    return small;
  }

  /** Undefined unless it is here from its first byte to its last. */
  get bytes(): Buffer | undefined {
    return this.#state === 'whole' ? Buffer.concat(this.#pieces) : undefined;
  }

  write(piece: Buffer): boolean {
    this.#size += piece.length;
    if (this.#size > WIRE_LIMITS.inlineBody) this.#letGo();
    else if (this.#state === 'arriving') this.#pieces.push(piece);
    return true;
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0) this.#letGo();
    else if (this.#state === 'arriving') this.#state = 'whole';
  }

  abort(): void {
    this.#letGo();
  }

  #letGo(): void {
    this.#state = 'let go';
    this.#pieces = [];
  }
}

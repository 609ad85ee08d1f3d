import type { Disposable } from '../base/disposables.ts';

/** Ages are written anew this often, in milliseconds. */
const AGES_MS = 20_000;

/** Has a view write its ages anew from time to time; they only grow while somebody looks. */
export class Ages implements Disposable {
  readonly #onAged: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onAged: () => void) {
    this.#onAged = onAged;
  }

  setVisible(visible: boolean): void {
    clearInterval(this.#timer);
    if (visible) this.#timer = setInterval(this.#onAged, AGES_MS);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }
}

import type { Disposable } from './disposables.ts';

/** Something that can be listened to. */
export type Listenable<T> = (listener: (value: T) => void) => Disposable;

/** An event for code that knows nothing of the editor. Fits where the editor's `Event` is asked for. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();

  readonly on: Listenable<T> = (listener) => {
    // A wrapper of its own: the same function may listen twice.
    const own = (value: T): void => {
      listener(value);
    };
    this.#listeners.add(own);
    return { dispose: () => this.#listeners.delete(own) };
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

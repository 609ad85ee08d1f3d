/** One question at a time: a notification stays until it is answered, or closed. */
export class Questions {
  #answered: Promise<unknown> = Promise.resolve();

  /** Asks once all those before have been answered. */
  async ask<T>(question: () => PromiseLike<T>): Promise<T> {
    return this.#add(this.#answered.then(question));
  }

  /** Asks at once, since it cannot wait; others wait for it. */
  async askNow<T>(question: () => PromiseLike<T>): Promise<T> {
    return this.#add(Promise.resolve(question()));
  }

  #add<T>(asked: Promise<T>): Promise<T> {
    this.#answered = Promise.allSettled([this.#answered, asked]);
    return asked;
  }
}

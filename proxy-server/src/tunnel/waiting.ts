import type { Exchange } from '../routing/index.ts';

/** So many ended exchanges may stand in the queue before they are swept out. */
const SWEEP = 64;

interface Place {
  readonly exchange: Exchange;
  /** Whether it has neither been taken out nor ended. */
  waits: boolean;
}

/**
 * Exchanges that wait for a poll, oldest first. One that ends while it waits is passed over when its
 * turn comes: taking it out of the middle would cost every exchange for the sake of a few.
 */
export class WaitingQueue {
  #places: Place[] = [];
  #head = 0;
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  push(exchange: Exchange): void {
    this.#places.push(this.#place(exchange));
  }

  /** Puts back what could not be handed over, in front of everything else. */
  unshift(exchanges: readonly Exchange[]): void {
    const places = exchanges.map((exchange) => this.#place(exchange));
    this.#reset([...places, ...this.#places.slice(this.#head)]);
  }

  shift(): Exchange | undefined {
    for (;;) {
      const place = this.#places[this.#head];
      if (place === undefined) {
        this.#reset([]);
        return undefined;
      }
      this.#head += 1;
      if (this.#head >= 1024) this.#reset(this.#places.slice(this.#head));
      if (!place.waits) continue;
      place.waits = false;
      this.#size -= 1;
      return place.exchange;
    }
  }

  /** Takes all of them out. */
  takeAll(): Exchange[] {
    const all: Exchange[] = [];
    for (let next = this.shift(); next !== undefined; next = this.shift()) all.push(next);
    return all;
  }

  /** Takes out those that are wanted elsewhere. */
  reclaim(wanted: (exchange: Exchange) => boolean): Exchange[] {
    const found = this.values().filter(wanted);
    for (const exchange of found) this.withdraw(exchange);
    return found;
  }

  /** Takes one out of its turn. */
  withdraw(exchange: Exchange): void {
    const place = this.#places.find((here) => here.exchange === exchange && here.waits);
    if (place !== undefined) this.#drop(place);
  }

  /** Those that wait, oldest first. */
  values(): Exchange[] {
    this.#sweep();
    return this.#places.map(({ exchange }) => exchange);
  }

  #place(exchange: Exchange): Place {
    const place: Place = { exchange, waits: true };
    this.#size += 1;
    exchange.onEnd(() => {
      if (place.waits) this.#drop(place);
    });
    return place;
  }

  #drop(place: Place): void {
    place.waits = false;
    this.#size -= 1;
    if (this.#places.length - this.#head > 2 * this.#size + SWEEP) this.#sweep();
  }

  #sweep(): void {
    this.#reset(this.#places.slice(this.#head).filter(({ waits }) => waits));
  }

  #reset(places: Place[]): void {
    this.#places = places;
    this.#head = 0;
  }
}

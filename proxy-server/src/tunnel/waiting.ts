import type { Exchange } from '../routing/index.ts';

/** Exchanges that wait for a poll, oldest first. */
export class WaitingQueue {
  #exchanges = new Map<string, Exchange>();

  get size(): number {
    return this.#exchanges.size;
  }

  push(exchange: Exchange): void {
    this.#exchanges.set(exchange.id, exchange);
  }

  /** Puts back what could not be handed over, in front of everything else. */
  unshift(exchanges: readonly Exchange[]): void {
    const rest = this.#exchanges;
    this.#exchanges = new Map();
    for (const exchange of exchanges) this.push(exchange);
    for (const exchange of rest.values()) this.push(exchange);
  }

  shift(): Exchange | undefined {
    const [oldest] = this.#exchanges.values();
    if (oldest !== undefined) this.#exchanges.delete(oldest.id);
    return oldest;
  }

  remove(exchange: Exchange): void {
    this.#exchanges.delete(exchange.id);
  }

  values(): Exchange[] {
    return [...this.#exchanges.values()];
  }
}

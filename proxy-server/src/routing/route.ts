import type { Exchange } from './exchange.ts';

/** Takes exchanges of one code to whoever can handle them, on this machine or on another. */
export interface Route {
  /** Takes the exchange; from here on the route sees to it that it ends. */
  offer(exchange: Exchange): void;
}

/** Finds the route of a code. A code that nobody serves has one too: its exchanges wait, then fail. */
export interface Router {
  route(code: string): Route;
  /** Whether somebody is there to take what is offered, as far as one can tell. */
  served(code: string): boolean;
}

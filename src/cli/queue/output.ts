import type { Writable } from 'node:stream';
import type { QueueClient } from '../../agent/index.ts';
import type { Moment, Style } from '../view/index.ts';

/** Where a command says what it found. */
export interface Output {
  /** One line, without its end, harmless on a terminal. */
  print(line: string): void;
  /** The same of what is wrong, apart from what was asked for. */
  complain(problem: string): void;
  /** One line beside that. */
  remark(line: string): void;
  readonly stdout: Writable;
  readonly isTerminal: boolean;
  readonly style: Style;
  /** Width of the terminal in columns; undefined where lines may be of any length. */
  readonly columns: number | undefined;
  /** In milliseconds since 1970. */
  readonly now: () => number;
  readonly moment: Moment;
}

/** What the commands of a queue work with. */
export interface QueueContext {
  readonly client: QueueClient;
  readonly output: Output;
}

import type { EventEmitter } from 'node:events';
import { isatty } from 'node:tty';

/** Standard input, output and errors. */
const STANDARD = [0, 1, 2];

/**
 * Calls `reload` at each SIGHUP, as servers do. But a terminal that is closed sends it as well: if
 * one of those that the process started with is gone, `stop` is called.
 *
 * @returns what ends it.
 */
export function onHangUp(
  source: Pick<EventEmitter, 'on' | 'off'>,
  actions: { readonly reload: () => void; readonly stop: () => void },
  isTerminal: (descriptor: number) => boolean = isatty,
): () => void {
  const terminals = STANDARD.filter(isTerminal);
  const listener = (): void => {
    if (terminals.every(isTerminal)) actions.reload();
    else actions.stop();
  };
  source.on('SIGHUP', listener);
  return () => source.off('SIGHUP', listener);
}

import type { EventEmitter } from 'node:events';

/** What runs until somebody stops it. */
export interface Service {
  /** Finishes what is in hand. */
  close(): Promise<void>;
  /** Drops what is in hand. */
  destroy(): Promise<void>;
}

/** Emits `SIGINT`, `SIGTERM` and, where a parent forked it, `disconnect`: the process does. */
export type StopSource = Pick<EventEmitter, 'on' | 'off'>;

/**
 * A second signal within this many milliseconds is the same one: of a Ctrl-C both the terminal and
 * npm tell the process.
 */
export const SAME_REQUEST_MS = 300;

/**
 * Waits until the service is asked to stop, and stops it: gracefully at the first signal or when
 * the parent is gone, at once at a second signal. `ended` settles if the service ends by itself.
 * `tell` is called before each step; `now` is in milliseconds.
 *
 * @returns how it ended: `closed` and `destroyed` by request, `ended` by itself.
 */
export async function runUntilStopped(
  service: Service,
  source: StopSource,
  tell: (step: 'closing' | 'destroying') => void,
  ended: Promise<unknown> = new Promise(() => undefined),
  now: () => number = () => performance.now(),
): Promise<'closed' | 'destroyed' | 'ended'> {
  let closingSince: number | undefined;
  let destroying = false;
  let close: () => void = () => undefined;
  let signal: () => void = () => undefined;
  const stopped = new Promise<'closed' | 'destroyed'>((resolve, reject) => {
    const end = (): void => resolve(destroying ? 'destroyed' : 'closed');
    close = () => {
      if (closingSince !== undefined) return;
      closingSince = now();
      tell('closing');
      service.close().then(end, reject);
    };
    signal = () => {
      if (closingSince === undefined) close();
      else if (!destroying && now() - closingSince >= SAME_REQUEST_MS) {
        destroying = true;
        tell('destroying');
        service.destroy().then(end, reject);
      }
    };
  });
  const listeners = { SIGINT: signal, SIGTERM: signal, disconnect: close };
  for (const [way, listener] of Object.entries(listeners)) source.on(way, listener);
  try {
    return await Promise.race([
      stopped,
      ended.then(() => (closingSince === undefined ? ('ended' as const) : stopped)),
    ]);
  } finally {
    for (const [way, listener] of Object.entries(listeners)) source.off(way, listener);
  }
}

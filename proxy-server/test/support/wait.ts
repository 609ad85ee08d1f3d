/** Real time that anything may take before a test gives up, in milliseconds. */
const PATIENCE_MS = 1_500;

/** Settles as the promise does; rejects if that takes too long. */
export async function within<T>(settled: Promise<T>, what: string, ms = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves once the condition holds, asked anew in each turn of the event loop. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const WAITING = Symbol('waiting');

/** Whether the promise is still unsettled after some turns of the event loop with real I/O in them. */
export async function stillWaits(pending: Promise<unknown>, turns = 50): Promise<boolean> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    // Of two promises that are settled already, the first one wins.
    const first = await Promise.race([pending, Promise.resolve(WAITING)]).catch(() => undefined);
    if (first !== WAITING) return false;
  }
  return true;
}

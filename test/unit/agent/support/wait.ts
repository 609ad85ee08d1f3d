/** Real time that anything may take before a test gives up, in milliseconds. */
const PATIENCE_MS = 1_500;

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves once the condition holds, asked anew in each turn of the event loop. */
export async function until(
  condition: () => boolean,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${patienceMs} ms`);
    await turn();
  }
}

/** Lets real I/O happen for some turns of the event loop. */
export async function turns(count = 50): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) await turn();
}

/** Settles as the promise does; rejects if that takes too long. */
export async function within<T>(settled: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: not within ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

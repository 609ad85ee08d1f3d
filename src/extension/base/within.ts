/** Resolves to whether `work` ended within `ms` milliseconds. A failure of `work` counts as an end. */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    const ended = work.then(
      () => true,
      () => true,
    );
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

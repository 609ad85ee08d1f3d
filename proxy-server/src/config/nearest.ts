/** Which of `known` was meant by a misspelt word, if one is near enough to be worth a question. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const [a, b] = [plain(word), plain(candidate)];
    const allowed = Math.max(1, Math.floor(Math.max(a.length, b.length) / 3));
    const found = distance(a, b, Math.min(allowed, bestDistance - 1));
    if (found < bestDistance && found <= allowed) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
}

/** Case and word separators are not what a person gets wrong on purpose. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, '');
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal
 * string alignment); Infinity where the lengths alone say that it is more than `limit`.
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? Infinity;
}

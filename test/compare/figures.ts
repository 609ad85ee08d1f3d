/** Median, 99th percentile and largest of some numbers. */
export interface Figures {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN };
}

export function shown({ count, p50, p99, max }: Figures): string {
  const ms = (value: number): string => value.toFixed(2);
  return `p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)} ms (${count})`;
}

/** The longer it takes, the fewer digits are of interest. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** 1st, 2nd, 3rd, 4th … 11th … 21st. */
export function ordinal(n: number): string {
  const isTeen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${(isTeen ? undefined : ENDINGS[n % 10]) ?? 'th'}`;
}

const ENDINGS: Readonly<Record<number, string>> = { 1: 'st', 2: 'nd', 3: 'rd' };

/** How old something is, in one unit: `34 s`, `4 min`, `3 h`, `2 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A number of bytes, in powers of 1,024: `512 B`, `1.8 KB`, `3.0 MB`. */
export function size(bytes: number): string {
  const exponent = Math.min(3, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  if (exponent === 0) return `${bytes} B`;
  return `${(bytes / 1024 ** exponent).toFixed(1)} ${'KMG'[exponent - 1] ?? ''}B`;
}

/** How long ago something was, in the largest unit that fits. */
export type Age =
  | { readonly unit: 'now' }
  | { readonly unit: 'seconds' | 'minutes' | 'hours' | 'days'; readonly count: number };

/** Under ten seconds is now; seconds go by tens, so that lists need not be redrawn all the time. */
export function ageOf(at: number, now: number): Age {
  const seconds = Math.floor((now - at) / 1000);
  if (seconds < 10) return { unit: 'now' };
  if (seconds < 60) return { unit: 'seconds', count: seconds - (seconds % 10) };
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return { unit: 'minutes', count: minutes };
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return { unit: 'hours', count: hours };
  return { unit: 'days', count: Math.floor(hours / 24) };
}

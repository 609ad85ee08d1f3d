/** Within so many days a weekday says which one is meant. */
const WEEK_DAYS = 6;
const DAY_MS = 86_400_000;

/** A moment for people: the time of day, with the weekday or the date where it was not today. */
export function momentText(at: number, now: number, language: string): string {
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) {
    return date.toLocaleTimeString(language, time);
  }
  const day: Intl.DateTimeFormatOptions =
    Math.abs(now - at) < WEEK_DAYS * DAY_MS
      ? { weekday: 'short' }
      : { month: 'short', day: 'numeric' };
  return date.toLocaleString(language, { ...day, ...time });
}

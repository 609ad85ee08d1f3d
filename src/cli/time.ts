/** Local time of day as 14:03:59, of a moment in milliseconds since 1970. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** The same, after the day unless that is the day of `now`: 2026-11-22 14:03:59. */
export function moment(at: number, now: number): string {
  const day = dayOf(at);
  return day === dayOf(now) ? timeOfDay(at) : `${day} ${timeOfDay(at)}`;
}

function dayOf(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

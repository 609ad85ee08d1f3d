/** A line of the agent's log for people, from one for programs; undefined if it is of no interest. */
export function tidy(line: string): string | undefined {
  const entry = parse(line);
  if (entry === undefined) return line;
  const time = typeof entry['time'] === 'string' ? localTime(entry['time']) : '';
  switch (entry['event']) {
    case 'exchange': {
      const of = (name: string): string => shown(entry[name]);
      const why = [of('code'), of('detail')].filter((part) => part !== '').join(', ');
      const end = of('outcome') === 'replied' ? [] : [of('outcome'), why];
      const status = of('status') === '' ? '---' : of('status');
      return [time, of('method'), of('path'), status, of('durationMs'), 'ms', ...end].join(' ');
    }
    case 'state':
      return `${time} ${shown(entry['state'])}`;
    default:
      return undefined;
  }
}

/** Text or a number as printable ASCII: a path is a caller's, and must not act on the terminal. */
function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.replace(/[^\x20-\x7e]/g, '?') : '';
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function localTime(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}

/** What both ends saw of a case; texts in Latin-1, byte for byte. */
export interface Seen {
  /** All that the target got. */
  readonly target: string;
  /** All that the caller got. */
  readonly answer: string;
  /** How the caller's connection ended. */
  readonly end: 'open' | 'fin' | 'reset';
  /** Whether the target's connection was ended. */
  readonly cancelled: boolean;
}

/** One request with its answer on raw sockets, and what of it is looked at. */
export interface Case {
  readonly name: string;
  /** In `{base}` stands what leads to the target. */
  readonly request: string;
  /** Undefined: the target stays silent. */
  readonly response: string | undefined;
  /** What the target does after its response. */
  readonly after?: 'keep' | 'end' | 'reset';
  /** How long after its response, in milliseconds; absent: at once. */
  readonly pauseMs?: number;
  /** The target answers as soon as it has the head. */
  readonly early?: boolean;
  readonly caller?: 'half-closes' | 'leaves';
  /** The connection is not expected to end. */
  readonly stays?: boolean;
  /** What is compared, in a few words. */
  readonly look: (seen: Seen) => string;
  /** Why the two differ, if they do. */
  readonly why?: string;
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export interface Parts {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** A request that asks for its connection to be closed, so that its end can be seen. */
export function request({
  method = 'GET',
  path = '/',
  version = '1.1',
  fields = [],
  body = '',
}: Parts) {
  const lines = [`${method} {base}${path} HTTP/${version}`, 'Host: caller.example', ...fields];
  return `${[...lines, 'Connection: close', '', ''].join('\r\n')}${body}`;
}

export function status({ answer, end }: Seen): string {
  return /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? (end === 'open' ? 'no answer' : 'closed');
}

/** Status, and whether the target got anything. */
export function refusal(seen: Seen): string {
  return `${status(seen)}, target ${seen.target === '' ? 'sees nothing' : 'gets it'}`;
}

/** Lines of those fields as they stand, or `none`. */
export function lines(text: string, pattern: RegExp): string {
  const head = text.split('\r\n\r\n')[0] ?? '';
  const found = head.split('\r\n').filter((line, at) => at > 0 && pattern.test(line));
  return found.length === 0 ? 'none' : found.map((line) => `\`${line}\``).join(' ');
}

export function atTarget(pattern: RegExp): (seen: Seen) => string {
  return (seen) =>
    seen.target === '' ? `${status(seen)}, target sees nothing` : lines(seen.target, pattern);
}

export function atCaller(pattern: RegExp): (seen: Seen) => string {
  return (seen) => `${status(seen)}: ${lines(seen.answer, pattern)}`;
}

/** The framing of what the target gets; names of fields have no case. */
export function framing(seen: Seen): string {
  return atTarget(/^(?:Content-Length|Transfer-Encoding)/i)(seen).toLowerCase();
}

export function targetPath(seen: Seen): string {
  const path = /^\S+ (.*) HTTP/.exec(seen.target)?.[1];
  return path === undefined ? `${status(seen)}, target sees nothing` : `\`${path}\``;
}

/** What the caller takes the end of its answer for, where nothing but the connection tells it. */
export function connectionEnd({ answer, end }: Seen): string {
  return /half/.test(answer) && end === 'fin' ? 'looks complete' : end;
}

export function bodyEnd(seen: Seen): string {
  const { answer } = seen;
  const whole = /\r\n0\r\n(?:.*\r\n)*\r\n$/.test(answer);
  if (!/half/.test(answer)) return status(seen);
  return whole ? 'looks complete' : 'broken off';
}

export const PARSER = 'Node’s parser refuses it before anything else sees it.';
export const EARLY =
  'Neither lets it look complete. Caronte has told nobody anything yet if the target breaks off within about 10 ms, and can say so; later it breaks the caller’s connection too.';
export const STRICT = 'What two readers could understand in two ways is refused, not repaired.';

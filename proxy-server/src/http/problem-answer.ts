import { type ServerResponse, STATUS_CODES } from 'node:http';
import { FIELD, PROBLEM, PROBLEM_TYPE, type Problem, problemDocument } from '../protocol/index.ts';
import { finishResponse } from './finish.ts';
import { hasUnreadBody } from './unread.ts';

/** Header fields of a problem document: names and values in turn. */
export function problemFields(problem: Problem, length: number): string[] {
  const fields = [
    'Content-Type',
    PROBLEM_TYPE,
    'Content-Length',
    String(length),
    'Cache-Control',
    'no-store',
    FIELD.error,
    problem.code,
  ];
  if (problem.retryAfter !== undefined) fields.push('Retry-After', String(problem.retryAfter));
  if (problem.code === 'unauthorized') fields.push('WWW-Authenticate', 'Bearer realm="caronte"');
  return fields;
}

/**
 * Answers with a problem document (RFC 9457) marked as the proxy's own. If the request's body was
 * not read to its end, the connection closes after the answer.
 */
export function answerProblem(response: ServerResponse, problem: Problem): void {
  const document = Buffer.from(problemDocument(problem));
  const fields = problemFields(problem, document.length);
  if (hasUnreadBody(response.req)) fields.push('Connection', 'close');
  const { status } = PROBLEM[problem.code];
  // Node keeps the reason of a head that it refused, unless it is given another.
  response.writeHead(status, STATUS_CODES[status] ?? '', fields);
  response.write(document);
  finishResponse(response);
}

/** The same as raw bytes, for a connection whose request never reached a handler. Closes it. */
export function rawProblem(problem: Problem): string {
  const document = problemDocument(problem);
  const fields = problemFields(problem, Buffer.byteLength(document));
  let head = `HTTP/1.1 ${PROBLEM[problem.code].status} ${PROBLEM[problem.code].title}\r\n`;
  for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return `${head}Connection: close\r\n\r\n${document}`;
}

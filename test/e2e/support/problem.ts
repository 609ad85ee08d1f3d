import assert from 'node:assert/strict';
import { type Answer, field } from './caller.ts';

/** Checks that the answer is a problem document of the proxy's own, and returns its `detail`. */
export function expectProblem(answer: Answer, status: number, code: string): string {
  const text = answer.body.toString('utf8');
  const expected = `${status} ${code}`;
  assert.equal(`${answer.status} ${field(answer, 'caronte-error') ?? text}`, expected);
  assert.equal(field(answer, 'content-type'), 'application/problem+json');
  const document = JSON.parse(text) as Readonly<Record<string, unknown>>;
  assert.equal(document['status'], status);
  assert.equal(document['code'], code);
  assert.ok(typeof document['title'] === 'string' && document['title'] !== '');
  assert.ok(typeof document['detail'] === 'string');
  return document['detail'];
}

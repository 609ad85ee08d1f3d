import assert from 'node:assert/strict';
import { readSecret } from '../../../src/extension/settings/secret.ts';

/** By the rule of `proxy-server/src/config/secret.ts`. */
const GOOD = ['123456', 'two words', ' padded-1 ', 'pasted-1\r\n', '~'.repeat(1024)];
const BAD = [
  [' \n', 'empty'],
  [' 12345 ', 'short'],
  ['~'.repeat(1025), 'long'],
  ['schlüssel', 'not_ascii'],
  ['tab\tinside', 'not_ascii'],
  ['delete\u007f', 'not_ascii'],
] as const;

describe('a secret that is typed or pasted', () => {
  it('is taken as the proxy takes it, without what is blank around it', () => {
    for (const text of GOOD) assert.deepEqual(readSecret(text), { ok: true, secret: text.trim() });
  });

  it('is told what is wrong with it', () => {
    for (const [text, problem] of BAD) assert.deepEqual(readSecret(text), { ok: false, problem });
  });
});

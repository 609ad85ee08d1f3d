import { createHash } from 'node:crypto';
import {
  encodeAbort,
  encodeAcknowledge,
  encodeEnd,
  encodeFailure,
  encodeInformation,
  encodeResponse,
  encodeResponseStart,
  FAILURE,
  RECORD,
  recordHeader,
} from '../../src/protocol/index.ts';
import { type Dice, mutate } from './cases.ts';

/** What an answer would be made of that is two. */
const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nspite';

const WORDS = [
  ...Object.values(RECORD).map((type) => String.fromCharCode(type)),
  ...['\0\0\0\0', '\0\0\0\x01', '\xff\xff\xff\xff', '\0\x10\0\0', '\x7f\xff\xff\xff', '\x02', '\n'],
  ...['\n200\nOK\n', '\n101\nOK', '\n99\n', '\n999\n', '\n-1\n', '\n304\n\n', '\r\n', SECOND],
  ...['\nContent-Length\n5', '\nContent-Length\n-1', '\nTransfer-Encoding\nchunked', '\nA: b\nc'],
  ...[
    '\nConnection\nclose',
    '\nTrailer\nX',
    '\n__proto__\nx',
    '\nSet-Cookie\na',
    '\n\n',
    '0'.repeat(32),
  ],
] as unknown as readonly [string, ...string[]];

/** A mark that says for whose exchange a reply was; one that chance has changed does not count. */
export function markOf(caller: string): string {
  return `<for ${caller} ${createHash('sha256').update(caller).digest('hex').slice(0, 12)}>`;
}

/** For whom the marks in a text are. */
export function marksIn(text: string): string[] {
  const found = [...text.matchAll(/<for (\S{1,40}) [0-9a-f]{12}>/g)];
  return found
    .filter(([mark, caller = '']) => mark === markOf(caller))
    .map(([, caller = '']) => caller);
}

function data(text: string): string {
  return recordHeader(RECORD.data, text.length) + text;
}

/** Records that reply to an exchange, in any form that there is. */
function reply(dice: Dice, id: string, text: string): string {
  const status = dice.pick([200, 200, 201, 204, 304, 404, 500]);
  const fields = dice.pick([[], ['X-A', 'b'], ['Content-Length', String(text.length)]]);
  const head = { id, status, reason: dice.pick(['OK', '', 'Quite fine']), fields };
  switch (dice.whole(6)) {
    case 0:
    case 1:
      return encodeResponse(head, text.length) + text;
    case 2:
      return (
        encodeInformation({ ...head, status: 103, fields: ['Link', '</a.css>; rel=preload'] }) +
        encodeResponse(head, text.length) +
        text
      );
    case 3:
      return (
        encodeResponseStart(head) +
        data(text.slice(0, 9)) +
        data(text.slice(9)) +
        encodeEnd(dice.pick([[], ['X-Sum', '1']]))
      );
    case 4:
      return encodeResponseStart({ ...head, fields: [] }) + data(text) + encodeAbort('broke off');
    default:
      return encodeFailure({ id, code: FAILURE.unreachable, detail: text });
  }
}

export interface Targeted {
  readonly id: string;
  /** Who waits for the reply. */
  readonly caller: string;
}

/** A body of replies; most of them are wrong in some way. */
export function replyBody(dice: Dice, targeted: () => Targeted): string {
  const count = dice.chance(0.8) ? 1 : 2 + dice.whole(3);
  let records = '';
  for (let made = 0; made < count; made += 1) {
    const { id, caller } = targeted();
    // Where there are several, chance may make one of two: then it is nobody's fault.
    const text = count === 1 ? markOf(caller) : 'one of several';
    records += reply(dice, id, text + dice.pick(['', SECOND, '\r\n0\r\n\r\n', 'x'.repeat(2_000)]));
  }
  const body = `\x01${records}`;
  return dice.chance(0.2) ? body : mutate(dice, body, WORDS);
}

/** A body of a poll. */
export function pollBody(dice: Dice, targeted: () => Targeted): string {
  const ids = Array.from({ length: dice.whole(3) }, () => targeted().id);
  const body = `\x01${ids.length > 0 ? encodeAcknowledge(ids) : ''}`;
  return dice.chance(0.3) ? body : mutate(dice, body, WORDS);
}

const HELLO_WORDS = [
  ...['{', '}', '[', ']', '"', '\\', ':', ',', 'null', '1e999', '-1', '{"__proto__":{}}'],
  ...[
    '"takeover":true,',
    '"accept"',
    '"code":"..",',
    '\\u0000',
    '\\n',
    '\xff\xfe',
    '['.repeat(500),
  ],
] as unknown as readonly [string, ...string[]];

/** A hello for codes of which nobody else knows. */
export function helloBody(dice: Dice): string {
  const digit = String(dice.whole(10));
  const hello = JSON.stringify({
    protocol: { min: 1, max: 1 },
    software: 'fuzz/1',
    instance: digit.repeat(32),
    installation: digit.repeat(32),
    code: `fuzz-${digit}`,
    takeover: dice.chance(0.5),
    policy: { reply: dice.pick(['wait', 'accept']) },
  });
  return dice.chance(0.2) ? hello : mutate(dice, hello, HELLO_WORDS);
}

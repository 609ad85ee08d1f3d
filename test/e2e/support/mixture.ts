import { createHash } from 'node:crypto';
import { mulberry32 } from './random.ts';
import { BrokenOff, type Caller, field, headText, type Reply } from './caller.ts';
import type { Fields } from './message.ts';
import { within } from './waiting.ts';

/** What the target may be told to do, and how often each is. See `ledger-target.ts`. */
const ACTIONS = [
  ...['hash', 'hash', 'echo', 'echo', 'echo', 'pipe', 'pipe', 'pipe'],
  ...['wait 5', 'wait 60', 'drip 3', 'break', 'drop'],
];

/** In bytes. What is larger than 64 KiB does not travel whole. */
const SIZES = [0, 1, 700, 700, 9_000, 64 * 1024, 64 * 1024 + 1, 150_000];

const LIMIT_MS = 15_000;

/** What one exchange is about: all of it follows from seed and index. */
export interface Plan {
  readonly nonce: string;
  readonly action: string;
  readonly body: Buffer;
  /** SHA-256 of nonce and body. */
  readonly hash: string;
  /** The body is sent in pieces, with no length announced. */
  readonly dribbled: boolean;
  /** The caller leaves once so much of the body is sent, or of the answer is there. */
  readonly leaves: { readonly when: 'sending' | 'reading'; readonly bytes: number } | undefined;
}

export function planOf(seed: number, index: number): Plan {
  const random = mulberry32(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b));
  const whole = (below: number): number => Math.floor(random() * below);
  const nonce = createHash('sha256').update(`${seed} ${index}`).digest('hex').slice(0, 32);
  // Every part of the body tells whose it is.
  const size = SIZES[whole(SIZES.length)] ?? 0;
  const body = Buffer.alloc(size, `${nonce} `, 'latin1');
  const departure = random();
  return {
    nonce,
    action: ACTIONS[whole(ACTIONS.length)] ?? 'hash',
    body,
    hash: createHash('sha256').update(nonce).update(body).digest('hex'),
    dribbled: random() < 0.3,
    leaves:
      departure < 0.06
        ? { when: 'sending', bytes: whole(size + 1) }
        : departure < 0.15
          ? { when: 'reading', bytes: whole(size + 1) }
          : undefined,
  };
}

/** How an exchange ended for its caller. `wrong` says what must never be. */
export type MixOutcome =
  | { readonly kind: 'right' | 'left' | 'broken' }
  | { readonly kind: 'problem'; readonly code: string }
  | { readonly kind: 'wrong'; readonly what: string };

/** The whole answer that the target gives; undefined if it breaks off. */
function expected({ action, body, hash }: Plan): Buffer | undefined {
  const [what = '', amount = '0'] = action.split(' ');
  if (what === 'echo' || what === 'pipe') return body;
  if (what === 'drip') return Buffer.alloc(Number(amount) * 1024, 'drip');
  return what === 'break' || what === 'drop' ? undefined : Buffer.from(hash);
}

/** Sends the request; rejects if the connection ends in the middle of it. */
async function send(caller: Caller, base: string, plan: Plan): Promise<Reply> {
  const { nonce, action, body, leaves } = plan;
  const fields: Fields = [
    ['X-Nonce', nonce],
    ['X-Do', action],
  ];
  const path = `${base}/${nonce}`;
  if (!plan.dribbled && leaves?.when !== 'sending') {
    return caller.send({ method: 'POST', path, fields, body });
  }
  const reply = caller.expect('POST');
  const coding: Fields = [...fields, ['Transfer-Encoding', 'chunked']];
  await caller.write(headText({ method: 'POST', path, fields: coding, body: '' }, 0));
  const step = Math.max(1, Math.ceil(body.length / 5));
  for (let at = 0; at < body.length; at += step) {
    if (leaves?.when === 'sending' && at >= leaves.bytes) break;
    const piece = body.subarray(at, at + step);
    await caller.write(`${piece.length.toString(16)}\r\n`);
    await caller.write(piece);
    await caller.write('\r\n');
  }
  if (leaves?.when !== 'sending') await caller.write('0\r\n\r\n');
  return reply;
}

/** Carries out one exchange on a caller's connection. */
export async function carryOut(caller: Caller, base: string, plan: Plan): Promise<MixOutcome> {
  const { leaves } = plan;
  // What the connection has when its peer is gone is told by the reply.
  const reply = await send(caller, base, plan).catch(() => undefined);
  if (reply === undefined) return { kind: 'broken' };
  if (leaves?.when === 'sending') {
    caller.leave();
    return { kind: 'left' };
  }
  if (leaves !== undefined) {
    const enough = new Promise<void>((resolve) => {
      reply.onPiece = (piece) => {
        reply.pieces.push(piece);
        if (reply.bytes >= leaves.bytes) resolve();
      };
      reply.head.then(() => leaves.bytes === 0 && resolve(), resolve);
    });
    await within(LIMIT_MS, 'answer', Promise.race([enough, reply.whole.catch(() => undefined)]));
    caller.leave();
    return judgePart(reply, plan) ?? { kind: 'left' };
  }
  try {
    const answer = await within(LIMIT_MS, `answer to ${plan.nonce}`, reply.whole);
    const code = field(answer, 'caronte-error');
    if (code !== undefined) return { kind: 'problem', code };
    const whole = expected(plan);
    const right = field(answer, 'x-nonce') === plan.nonce && whole?.equals(answer.body) === true;
    // An answer that begins before the request is whole ends the connection.
    if (field(answer, 'connection') === 'close') caller.leave();
    if (answer.status === 200 && right) return { kind: 'right' };
    return { kind: 'wrong', what: `${answer.status}, ${answer.body.length} bytes` };
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    return judgePart(reply, plan) ?? { kind: 'broken' };
  }
}

/** What came of an answer that is not whole must be the beginning of the right one. */
function judgePart(reply: Reply, plan: Plan): MixOutcome | undefined {
  const part = Buffer.concat(reply.pieces);
  const isProblem = part.toString('latin1', 0, 8) === '{"type":';
  const whole = expected(plan) ?? plan.body;
  if (isProblem || whole.subarray(0, part.length).equals(part)) return undefined;
  return { kind: 'wrong', what: `part of ${part.length} bytes` };
}

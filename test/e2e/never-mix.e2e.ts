import assert from 'node:assert/strict';
import { Caller } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { type Entry, LedgerTarget } from './support/ledger.ts';
import { carryOut, type MixOutcome, type Plan, planOf } from './support/mixture.ts';
import { Relay } from './support/relay.ts';
import { useRig } from './support/rig.ts';

interface Done {
  readonly plan: Plan;
  readonly outcome: MixOutcome;
}

interface Mixture {
  readonly seed: number;
  readonly count: number;
  readonly port: number;
  readonly base: string;
  /** Called before each exchange. */
  readonly before?: (index: number) => void;
}

/** Exchanges under way at once. */
const LANES = 40;

/** Carries out all exchanges of a seed, on connections that are kept while they last. */
async function carryOutAll({ seed, count, port, base, before }: Mixture): Promise<Done[]> {
  const done: Done[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    let caller: Caller | undefined;
    while (next < count) {
      const index = next;
      next += 1;
      before?.(index);
      const plan = planOf(seed, index);
      if (caller?.usable !== true) caller = await Caller.connect(port);
      const outcome = await carryOut(caller, base, plan);
      done.push({ plan, outcome });
      // It may close behind a problem document; nobody is to send into that.
      if (outcome.kind !== 'right') caller.leave();
    }
    caller?.leave();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return done;
}

/** What the ledgers of callers and target must not show, in words. */
function contradictions(
  done: readonly Done[],
  entries: ReadonlyMap<string, Entry>,
  seed: number,
): string[] {
  const found: string[] = [];
  const known = new Set(done.map(({ plan }) => plan.nonce));
  for (const { plan, outcome } of done) {
    const { nonce, action, hash } = plan;
    const entry = entries.get(nonce);
    const about = `seed ${seed}: ${nonce} (${action}, ${plan.body.length} bytes)`;
    if (outcome.kind === 'wrong') found.push(`${about} got ${outcome.what}`);
    if (outcome.kind === 'right' && entry?.hash !== hash) {
      found.push(`${about} was answered, but the target has not got it whole`);
    }
    if (entry?.hash !== undefined && entry.hash !== hash) found.push(`${about} arrived changed`);
    if (entry !== undefined && entry.heads > 1) found.push(`${about} arrived ${entry.heads} times`);
  }
  for (const nonce of entries.keys()) {
    if (!known.has(nonce)) found.push(`seed ${seed}: nobody sent ${nonce}`);
  }
  return found;
}

function summary(done: readonly Done[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { plan, outcome } of done) {
    const [what] = plan.action.split(' ');
    const asked = plan.leaves === undefined && what !== 'break' && what !== 'drop';
    const code = outcome.kind === 'problem' ? ` ${outcome.code}` : '';
    const key = `${asked ? 'plain' : 'disturbed'}: ${outcome.kind}${code}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

describe('thousands of interleaved exchanges', () => {
  const rig = useRig();

  it('never mix, whatever callers and target do in the middle of them', async function () {
    this.timeout(60_000);
    const seed = 20_260_401;
    const target = await LedgerTarget.start(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });

    const done = await carryOutAll({ seed, count: 3_000, port, base });

    assert.deepEqual(contradictions(done, await target.entries(), seed), []);
    const counts = summary(done);
    const plain = [...counts.keys()].filter((key) => key.startsWith('plain'));
    assert.deepEqual(plain, ['plain: right'], JSON.stringify([...counts]));
    const disturbed = [...counts.keys()].filter((key) => key.startsWith('disturbed')).sort();
    assert.deepEqual(disturbed, [
      'disturbed: broken',
      'disturbed: left',
      'disturbed: problem target_broke_off',
    ]);
  });

  it('never mix while the agent loses its connections again and again', async function () {
    this.timeout(60_000);
    const seed = 20_260_402;
    const target = await LedgerTarget.start(rig());
    // What is lost on the way to the agent is handed out again soon.
    const { port } = await rig().proxy(['--ack-timeout', '1']);
    const relay = await Relay.listen(port);
    rig().onEnd(() => relay.close());
    const place = { port: relay.port, code: 'orders', targetPort: target.port };
    const agent = rig().agent(place, ['--send-reply']);
    await jsonLine(agent, { event: 'state', state: 'live' });

    const base = '/forward/orders';
    const before = (index: number): void => {
      if (index % 200 === 199) relay.cut();
    };
    const done = await carryOutAll({ seed, count: 1_500, port, base, before });

    assert.deepEqual(contradictions(done, await target.entries(), seed), []);
    const counts = summary(done);
    // An answer that was on its way when the link broke may be lost, the others are not.
    const right = counts.get('plain: right') ?? 0;
    assert.ok(right > done.length / 2, JSON.stringify([...counts]));
    assert.ok(agent.isRunning);
  });
});

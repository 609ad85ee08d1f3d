import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { LedgerTarget } from './support/ledger.ts';
import { contradictions, KIB, Load, tally } from './support/load.ts';
import { useRig } from './support/rig.ts';

/** How long the callers go on, in milliseconds. */
const DURATION = 10_000;

/** In bytes. What is larger than 64 KiB does not travel whole. */
const SIZES = [0, KIB, 63 * KIB, 65 * KIB, KIB * KIB];

/** The larger a body, the rarer it is, as it is with webhooks. */
const MIX = [0, 1, 1, 0, 1, 2, 0, 1, 1, 3, 0, 1, 2, 1, 0, 1, 3, 1, 0, 4];

describe('64 callers for ten seconds', () => {
  const rig = useRig();

  it('each get the answer to their own request, and no error', async function () {
    this.timeout(DURATION + 30_000);
    const target = await LedgerTarget.start(rig());
    const { port, base } = await rig().tunnel({ targetPort: target.port });

    const load = new Load({
      port,
      base,
      callers: 64,
      next: (index) => ({
        size: SIZES[MIX[index % MIX.length] ?? 0] ?? 0,
        action: index % 3 === 0 ? 'echo' : 'hash',
      }),
      limitMs: 10_000,
    });
    // The load itself is the test: it goes on for as long as was promised.
    await delay(DURATION);
    const outcomes = await load.stop();

    assert.equal(tally(outcomes), `${outcomes.length} right`);
    for (const size of SIZES) {
      const count = outcomes.filter(({ sent }) => sent.body.length === size).length;
      assert.ok(count >= 20, `${count} requests of ${size} bytes`);
    }
    const entries = await target.entries();
    assert.deepEqual(contradictions(outcomes, entries), []);
    assert.equal(entries.size, outcomes.length);
  });
});

import assert from 'node:assert/strict';
import { KILL_POINTS } from '../chaos/plan.ts';
import { playRound } from '../chaos/round.ts';
import { useRig } from './support/rig.ts';

/** `npm run test:chaos` plays twenty. */
const ROUNDS = 2;

describe('no webhook is lost', () => {
  const rig = useRig();

  for (const point of KILL_POINTS) {
    const who = point.victim === 'nobody' ? 'nobody is killed' : `${point.victim} is killed`;
    for (let round = 1; round <= ROUNDS; round += 1) {
      it(`when ${who}: ${point.name}, round ${round}`, async function () {
        this.timeout(120_000);
        const { wrong, lost, accepted, outcomes } = await playRound(rig(), point, round);
        assert.deepEqual(wrong, [], outcomes);
        assert.equal(lost, 0);
        assert.ok(accepted > 0, outcomes);
      });
    }
  }
});

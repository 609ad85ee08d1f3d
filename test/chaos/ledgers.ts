import type { Entry } from '../e2e/support/ledger.ts';
import { type Outcome, tally } from '../e2e/support/load.ts';

/** What the ledgers of a round say. */
export interface Findings {
  readonly requests: number;
  /** Requests whose callers were told 2xx. */
  readonly accepted: number;
  /** Of these, how many the target has not got whole. */
  readonly lost: number;
  /** Deliveries beyond the first of a request, each of which had a higher attempt. */
  readonly duplicates: number;
  /** What must not be, in words. */
  readonly wrong: readonly string[];
  /** How the requests ended for their callers. */
  readonly outcomes: string;
}

/** Whether the caller was told that all is well: by the target, or by the proxy in its stead. */
export function isAccepted({ kind, ...outcome }: Outcome): boolean {
  return (
    kind === 'right' || (kind === 'wrong' && 'answer' in outcome && outcome.answer.status === 202)
  );
}

/** Compares what callers were told with what the target got. `strict`: nobody was killed. */
export function compare(
  outcomes: readonly Outcome[],
  entries: ReadonlyMap<string, Entry>,
  strict: boolean,
): Findings {
  const wrong: string[] = [];
  const known = new Set<string>();
  let accepted = 0;
  let lost = 0;
  for (const outcome of outcomes) {
    const { nonce, hash } = outcome.sent;
    known.add(nonce);
    if (outcome.kind === 'wrong' && outcome.answer.status !== 202) {
      wrong.push(`${nonce} got an answer that is not its own (I2)`);
    }
    if (outcome.kind === 'hung') wrong.push(`${nonce} got no answer at all`);
    if (!isAccepted(outcome)) continue;
    accepted += 1;
    if (entries.get(nonce)?.hash !== hash) {
      lost += 1;
      wrong.push(`${nonce} was answered 2xx and is lost (I1)`);
    }
  }
  let duplicates = 0;
  for (const [nonce, { heads, deliveries }] of entries) {
    if (!known.has(nonce)) wrong.push(`${nonce} reached the target, but nobody sent it (I3)`);
    duplicates += heads - 1;
    for (const [at, one] of deliveries.entries()) {
      const before = deliveries[at - 1];
      if (before === undefined) continue;
      if (one.id === undefined || one.id !== before.id) {
        wrong.push(`${nonce} was delivered under two names (I3)`);
      }
      if ((one.attempt ?? 0) <= (before.attempt ?? 0)) {
        wrong.push(`${nonce} was delivered twice as attempt ${String(one.attempt)} (I3)`);
      }
    }
  }
  if (strict && duplicates > 0) wrong.push(`${duplicates} duplicates without a fault (I4)`);
  return {
    requests: outcomes.length,
    accepted,
    lost,
    duplicates,
    wrong,
    outcomes: tally(outcomes),
  };
}

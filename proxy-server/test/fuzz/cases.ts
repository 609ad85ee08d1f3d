import { mulberry32 } from '../support/random.ts';

/** How many cases each fuzz test makes. `FUZZ_CASES` sets another number, to try things out. */
export const CASES = Number(process.env['FUZZ_CASES'] ?? 100_000);

/** Chance with a seed: what one case draws. */
export class Dice {
  readonly #random: () => number;

  /** The same case of the same test draws the same each time, whatever ran before. */
  constructor(seed: number, index: number) {
    this.#random = mulberry32(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b));
  }

  /** A whole number from 0 up to, not including, `below`. */
  whole(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.whole(items.length)] ?? items[0];
  }
}

/**
 * Runs all cases, so many at once: each lane takes the next one. The first that fails ends all, and
 * says which one it was: `FUZZ_FIRST` and `FUZZ_CASES=1` run it alone.
 */
export async function runCases(
  seed: number,
  lanes: number,
  run: (dice: Dice, index: number, lane: number) => Promise<void>,
): Promise<void> {
  const first = Number(process.env['FUZZ_FIRST'] ?? 0);
  let next = first;
  let failed = false;
  const work = async (lane: number): Promise<void> => {
    while (next < first + CASES && !failed) {
      const index = next;
      next += 1;
      try {
        await run(new Dice(seed, index), index, lane);
      } catch (error) {
        failed = true;
        throw new Error(`case ${index} of seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
}

/** Some changes of bytes, in Latin-1, where `words` are what a reader may stumble over. */
export function mutate(dice: Dice, text: string, words: readonly [string, ...string[]]): string {
  let mutated = text;
  for (let count = 1 + dice.whole(3); count > 0; count -= 1) {
    const from = dice.whole(mutated.length + 1);
    const to = Math.min(mutated.length, from + 1 + dice.whole(dice.chance(0.8) ? 4 : 200));
    const before = mutated.slice(0, from);
    const after = mutated.slice(to);
    const cut = mutated.slice(from, to);
    switch (dice.whole(7)) {
      case 0:
        mutated = before + after;
        break;
      case 1:
        mutated = before + cut + cut + after;
        break;
      case 2:
        mutated = before + dice.pick(words) + after;
        break;
      case 3:
        mutated = before + dice.pick(words) + cut + after;
        break;
      case 4:
        mutated = before + String.fromCharCode(dice.whole(256)) + mutated.slice(from + 1);
        break;
      case 5:
        mutated = after + before;
        break;
      default:
        if (dice.chance(0.3)) mutated = before;
        else
          mutated =
            before + dice.pick(['\r', '\n', '\0', ' ', ':', '\r\n', '\xff', '\t']) + cut + after;
    }
  }
  return mutated;
}

/** Cuts the text anywhere into up to four pieces. */
export function pieces(dice: Dice, text: string): string[] {
  const cuts = Array.from({ length: dice.whole(4) }, () => dice.whole(text.length + 1)).sort(
    (a, b) => a - b,
  );
  return [...cuts, text.length].map((end, at) => text.slice(cuts[at - 1] ?? 0, end));
}

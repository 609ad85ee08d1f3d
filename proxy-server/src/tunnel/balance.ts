/** What decides who gets the next exchange. */
export interface Balanced {
  /** How many exchanges its open polls may bring. */
  readonly room: number;
  /** How many are in its hands. */
  readonly inHand: number;
  /** The lower, the longer its oldest poll has been open. */
  readonly longestPoll: number;
}

/**
 * How many of `waiting` exchanges go to `one` of the agents of a code. Each goes to the agent that has
 * the fewest in its hands, and among equals to the one whose poll has waited for longest: who is slow
 * keeps what it has and gets no more. An agent without an open poll gets none.
 */
export function fairShare(all: readonly Balanced[], one: Balanced, waiting: number): number {
  const places = all
    .filter(({ room }) => room > 0)
    .map((agent) => ({ agent, room: agent.room, inHand: agent.inHand }));
  let share = 0;
  for (let left = waiting; left > 0; left -= 1) {
    let best: (typeof places)[number] | undefined;
    for (const place of places) {
      if (place.room > 0 && (best === undefined || goesBefore(place, best))) best = place;
    }
    if (best === undefined) break;
    best.room -= 1;
    best.inHand += 1;
    if (best.agent === one) share += 1;
  }
  return share;
}

function goesBefore(
  a: { readonly agent: Balanced; readonly inHand: number },
  b: { readonly agent: Balanced; readonly inHand: number },
): boolean {
  return a.inHand === b.inHand ? a.agent.longestPoll < b.agent.longestPoll : a.inHand < b.inHand;
}

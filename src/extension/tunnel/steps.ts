/** Where a question stands in a sequence. */
export interface Position {
  readonly step: number;
  readonly totalSteps: number;
}

export type Answer<State> =
  | { readonly kind: 'answer'; readonly state: State }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancel' };

/** One question of a sequence. */
export interface Step<State> {
  /** Whether it is still open, given the answers so far. */
  readonly isNeeded: (state: State) => boolean | Promise<boolean>;
  /** Asks. `former` is the state after this step when it was answered before the user went back. */
  readonly ask: (
    state: State,
    position: Position,
    former: State | undefined,
  ) => Promise<Answer<State>>;
}

/** Asks what is needed, in order, with a way back. Undefined if the user gives up. */
export async function runSteps<State>(
  steps: readonly Step<State>[],
  initial: State,
): Promise<State | undefined> {
  const asked: { index: number; before: State }[] = [];
  const former = new Map<number, State>();
  let state = initial;
  let index = 0;
  for (;;) {
    const open = await openSteps(steps, state, index);
    const [next] = open;
    if (next === undefined) return state;
    const step = steps[next];
    if (step === undefined) return state;
    const position = { step: asked.length + 1, totalSteps: asked.length + open.length };
    const answer = await step.ask(state, position, former.get(next));
    switch (answer.kind) {
      case 'cancel':
        return undefined;
      case 'answer':
        former.set(next, answer.state);
        asked.push({ index: next, before: state });
        state = answer.state;
        index = next + 1;
        break;
      case 'back': {
        const last = asked.pop();
        if (last === undefined) return undefined;
        state = last.before;
        index = last.index;
        break;
      }
    }
  }
}

/** Indexes of the steps that are needed, from `start` on. */
async function openSteps<State>(
  steps: readonly Step<State>[],
  state: State,
  start: number,
): Promise<number[]> {
  const open: number[] = [];
  for (let index = start; index < steps.length; index++) {
    if ((await steps[index]?.isNeeded(state)) === true) open.push(index);
  }
  return open;
}

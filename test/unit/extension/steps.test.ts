import assert from 'node:assert/strict';
import { type Answer, runSteps, type Step } from '../../../src/extension/tunnel/steps.ts';

interface State {
  readonly a?: string;
  readonly b?: string;
}

/** Answers in turn with a text, `<` for back, `x` for giving up; writes down what it was asked. */
function script(answers: string[], log: string[]): Step<State>[] {
  const step = (name: keyof State): Step<State> => ({
    isNeeded: (state) => state[name] === undefined,
    ask: (state, { step: number, totalSteps }, former): Promise<Answer<State>> => {
      log.push(
        `${name} ${number}/${totalSteps}${former === undefined ? '' : ` was ${former[name]}`}`,
      );
      const answer = answers.shift() ?? 'x';
      if (answer === '<') return Promise.resolve({ kind: 'back' });
      if (answer === 'x') return Promise.resolve({ kind: 'cancel' });
      return Promise.resolve({ kind: 'answer', state: { ...state, [name]: answer } });
    },
  });
  return [step('a'), step('b')];
}

describe('a sequence of questions', () => {
  it('asks for what is missing, and counts that only', async () => {
    const log: string[] = [];
    assert.deepEqual(await runSteps(script(['2'], log), { a: '1' }), { a: '1', b: '2' });
    assert.deepEqual(log, ['b 1/1']);
  });

  it('asks nothing where nothing is missing', async () => {
    assert.deepEqual(await runSteps(script([], []), { a: '1', b: '2' }), { a: '1', b: '2' });
  });

  it('goes back, and remembers what was answered', async () => {
    const log: string[] = [];
    assert.deepEqual(await runSteps(script(['1', '<', '3', '4'], log), {}), { a: '3', b: '4' });
    assert.deepEqual(log, ['a 1/2', 'b 2/2', 'a 1/2 was 1', 'b 2/2']);
  });

  it('ends without a result if the user gives up, or goes back from the first', async () => {
    assert.equal(await runSteps(script(['1', 'x'], []), {}), undefined);
    assert.equal(await runSteps(script(['<'], []), {}), undefined);
  });
});

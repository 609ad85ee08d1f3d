import assert from 'node:assert/strict';
import type { Share } from '../../src/protocol/index.ts';
import type { RawResponse } from '../support/caller.ts';
import { Fixture } from '../support/fixture.ts';
import { mulberry32 } from '../support/random.ts';
import { answer, member } from '../support/sharing.ts';
import type { OpenPoll, TestAgent } from '../support/test-agent.ts';

/** What an agent knows of an exchange that it was handed. */
interface Held {
  readonly target: string;
  readonly copy: boolean;
  acknowledged: boolean;
  answered: boolean;
}

/** An agent that takes, acknowledges and answers when chance says so. */
class Player {
  readonly agent: TestAgent;
  readonly held = new Map<string, Held>();
  readonly #polls = new Set<OpenPoll>();

  constructor(agent: TestAgent) {
    this.agent = agent;
  }

  poll(capacity: number, onTaken: (id: string, held: Held) => void): void {
    const unsaid = [...this.held].filter(([, held]) => !held.acknowledged);
    for (const [, held] of unsaid) held.acknowledged = true;
    const poll = this.agent.startPoll({
      capacity,
      wait: 120,
      acknowledge: unsaid.map(([id]) => id),
    });
    this.#polls.add(poll);
    void poll.answer.then(
      ({ exchanges }) => {
        this.#polls.delete(poll);
        for (const { head } of exchanges) {
          const held = {
            target: head.target,
            copy: head.copy === true,
            acknowledged: false,
            answered: false,
          };
          onTaken(head.id, held);
          this.held.set(head.id, held);
        }
      },
      () => this.#polls.delete(poll),
    );
  }

  async answerOne(): Promise<void> {
    const next = [...this.held].find(([, { copy, answered }]) => !copy && !answered);
    if (next === undefined) return;
    const [id, held] = next;
    held.answered = true;
    await answer(this.agent, id, held.target);
  }

  /** Says good-bye with all acknowledged that it knows of. */
  async bye(): Promise<void> {
    await this.agent.bye([...this.held.keys()]);
  }
}

async function play(share: Exclude<Share, 'exclusive'>, seed: number): Promise<void> {
  const random = mulberry32(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const fixture = await new Fixture({ agentGrace: 3600 }).start();
  try {
    const players: Player[] = [];
    const responses: { readonly path: string; readonly response: Promise<RawResponse> }[] = [];
    /** Who was handed the exchange itself, by id. */
    const owners = new Map<string, Player>();
    const wrong: string[] = [];
    const taken = (player: Player) => (id: string, held: Held) => {
      if (player.held.has(id)) wrong.push(`${held.target} went to one agent twice`);
      if (held.copy) return;
      if (owners.has(id)) wrong.push(`${held.target} went to two agents`);
      owners.set(id, player);
    };
    const enter = async () => players.push(new Player(await member(fixture, share)));
    for (let at = 0; at < 3; at += 1) await enter();
    for (let step = 0; step < 150; step += 1) {
      const at = below(players.length);
      const player = players[at];
      const what = below(20);
      if (what < 8) {
        const path = `${seed}-${step}`;
        const caller = fixture.get(path);
        responses.push({ path: `/${path}`, response: caller.response() });
      } else if (what < 14) {
        player?.poll(below(4), taken(player));
      } else if (what < 19) {
        await player?.answerOne();
      } else {
        // What it took just now has not been read yet: the proxy must not take it for unseen.
        await fixture.settled();
        await player?.bye();
        players.splice(at, 1);
        await enter();
      }
      if (below(3) === 0) await fixture.settled();
    }
    const open = new Set(responses);
    for (const one of responses) {
      const over = (): boolean => open.delete(one);
      void one.response.then(over, over);
    }
    for (let round = 0; open.size > 0 && round < 200; round += 1) {
      for (const player of players) {
        player.poll(8, taken(player));
        await player.answerOne();
      }
      await fixture.settled();
    }
    assert.deepEqual(wrong, []);
    const ends = await Promise.all(responses.map(({ response }) => response));
    // Who leaves fails what it has in hand.
    ends.forEach(({ status, body }, at) => {
      if (status === 200) assert.equal(body.toString(), responses[at]?.path);
      else assert.match(body.toString(), /"agent_lost"/);
    });
    assert.ok(ends.filter(({ status }) => status === 200).length > 20);
  } finally {
    await fixture.stop();
  }
}

describe('agents that share a code, take, answer, leave and join at random', () => {
  for (const share of ['balance', 'broadcast'] as const) {
    for (const seed of [1, 2, 3, 4]) {
      it(`never answer twice, or for each other: ${share}, seed ${seed}`, async function () {
        this.timeout(20_000);
        await play(share, seed);
      });
    }
  }
});

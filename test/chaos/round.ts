import { readdirSync } from 'node:fs';
import { LedgerTarget } from '../e2e/support/ledger.ts';
import { jsonLine } from '../e2e/support/json-lines.ts';
import { KIB, Load } from '../e2e/support/load.ts';
import type { Program } from '../e2e/support/program.ts';
import { mulberry32 } from '../e2e/support/random.ts';
import type { Rig } from '../e2e/support/rig.ts';
import { until, within } from '../e2e/support/waiting.ts';
import { compare, type Findings, isAccepted } from './ledgers.ts';
import type { KillPoint } from './plan.ts';

const CODE = 'orders';
const CALLERS = 8;

/** Requests of a round before somebody is killed at the latest, and after that at least. */
const BEFORE = 60;
const AFTER = 60;

/** Longest time that a caller may be kept waiting, and that the queue may take to drain, in milliseconds. */
const ANSWER_MS = 15_000;
const DRAIN_MS = 60_000;

/** What the proxy may have open beyond what it began with once all is quiet: pooled connections of the agent's. */
const SPARE_DESCRIPTORS = 24;

const PROXY_FLAGS = ['--agent-wait', '1', '--agent-grace', '2', '--max-timeout-response', '10'];

function next(random: () => number): { size: number; action: string } {
  const kind = random();
  if (kind < 0.2) return { size: 100 * KIB + Math.floor(random() * 100 * KIB), action: 'echo' };
  if (kind < 0.3) return { size: 10, action: 'drip 5' };
  return { size: Math.floor(random() * 4 * KIB) + 64, action: 'hash' };
}

/** Everything of one round, which outlives whoever is killed. */
class Scene {
  readonly #rig: Rig;
  readonly #point: KillPoint;
  readonly #data: string;
  readonly target: LedgerTarget;
  proxy: Program | undefined;
  agent: Program | undefined;
  port = 0;

  constructor(rig: Rig, point: KillPoint, target: LedgerTarget) {
    this.#rig = rig;
    this.#point = point;
    this.#data = rig.folder();
    this.target = target;
  }

  async startProxy(failPoint?: string): Promise<Program> {
    const env = environment(failPoint);
    const flags = [...PROXY_FLAGS, '--data-dir', this.#data];
    const { proxy, port } = await this.#rig.proxy(flags, this.port, { env });
    this.proxy = proxy;
    this.port = port;
    return proxy;
  }

  startAgent(failPoint?: string): Program {
    const reply = this.#point.reply === 'wait' ? ['--send-reply'] : [];
    const flags = [...reply, '--offline', 'queue', '--parallel', '8', '--takeover'];
    const tunnel = { port: this.port, code: CODE, targetPort: this.target.port };
    this.agent = this.#rig.agent(tunnel, flags, { env: environment(failPoint) });
    return this.agent;
  }

  /** Starts whoever was killed again. */
  async revive(): Promise<void> {
    switch (this.#point.victim) {
      case 'proxy':
        await this.startProxy();
        return;
      case 'agent':
        await jsonLine(this.startAgent(), { event: 'state', state: 'live' });
        return;
      case 'target':
        await this.target.restart();
        return;
      case 'nobody':
    }
  }

  /** How many requests the queue holds. */
  async waiting(): Promise<{ readonly waiting: number; readonly dead: number }> {
    const response = await fetch(`http://127.0.0.1:${this.port}/agent/queue/${CODE}`, {
      headers: { Authorization: `Bearer ${this.#rig.secret}` },
    });
    if (response.status !== 200) throw new Error(`the queue says ${response.status}`);
    const { queue } = (await response.json()) as { queue: { waiting: number; dead: number } };
    return queue;
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.proxy?.pid}/fd`).length;
  }
}

function environment(failPoint: string | undefined): Record<string, string> {
  return failPoint === undefined ? {} : { CARONTE_FAIL_POINT: failPoint };
}

/** Plays one round: load, a kill, revival, more load, quiet. The same seed kills at the same count. */
export async function playRound(rig: Rig, point: KillPoint, seed: number): Promise<Findings> {
  const random = mulberry32(seed);
  const at = `${point.failPoint}:${1 + Math.floor(random() * 12)}`;
  const scene = new Scene(rig, point, await LedgerTarget.start(rig));
  await scene.startProxy(point.victim === 'proxy' ? at : undefined);
  const descriptors = scene.descriptors();
  const agent = scene.startAgent(point.victim === 'agent' ? at : undefined);
  await jsonLine(agent, { event: 'state', state: 'live' });

  const load = new Load({
    port: scene.port,
    base: `/forward/${CODE}`,
    callers: CALLERS,
    next: () => next(random),
    limitMs: ANSWER_MS,
  });
  const accepted = (): number => load.outcomes.filter(isAccepted).length;
  await ended(scene, point, Math.floor(random() * BEFORE), accepted);
  const before = accepted();
  await scene.revive();
  await until(() => accepted() >= before + AFTER, 'enough requests', DRAIN_MS);
  const outcomes = await load.stop();

  await until(async () => (await scene.waiting()).waiting === 0, 'an empty queue', DRAIN_MS);
  const findings = compare(outcomes, await scene.target.entries(), point.victim === 'nobody');
  const { dead } = await scene.waiting();
  const spare = scene.descriptors() - descriptors;
  return {
    ...findings,
    wrong: [
      ...findings.wrong,
      ...(dead > 0 ? [`${dead} were given up (I5)`] : []),
      ...(spare > SPARE_DESCRIPTORS ? [`${spare} descriptors more than at the start (I5)`] : []),
    ],
  };
}

/** Waits until the victim is dead: by its own fail point, or by our hand after so many requests. */
async function ended(
  scene: Scene,
  point: KillPoint,
  requests: number,
  accepted: () => number,
): Promise<void> {
  if (point.victim === 'target' || point.victim === 'nobody') {
    await until(() => accepted() >= requests, 'requests', ANSWER_MS);
    if (point.victim === 'target') await scene.target.kill();
    return;
  }
  const victim = point.victim === 'proxy' ? scene.proxy : scene.agent;
  if (victim === undefined) throw new Error('nobody to be killed');
  const { signal } = await within(ANSWER_MS, `fail point ${point.failPoint}`, victim.ended);
  if (signal !== 'SIGKILL') throw new Error(`${point.victim} ended otherwise: ${signal}`);
}

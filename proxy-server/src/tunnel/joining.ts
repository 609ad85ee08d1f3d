import { isDeepStrictEqual } from 'node:util';
import type { Limits } from '../config/limits.ts';
import {
  type HelloRequest,
  type Problem,
  QUEUE_DEFAULTS,
  type Share,
  type TunnelPolicy,
} from '../protocol/index.ts';
import type { Session } from './session.ts';

export function shareOf({ share = 'exclusive' }: TunnelPolicy): Share {
  return share;
}

export function samePolicy(a: TunnelPolicy, b: TunnelPolicy): boolean {
  return isDeepStrictEqual(whole(a), whole(b));
}

/** A policy with what it leaves to the defaults. Whether deliveries are paused is not for all times. */
function whole({ reply, share = 'exclusive', offline = 'refuse', queue }: TunnelPolicy): object {
  return { reply, share, offline, queue: { ...QUEUE_DEFAULTS, ...queue, paused: false } };
}

/** Whether the agent that says hello may serve the code beside the others, if there are any. */
export function mayJoin(others: readonly Session[], { policy }: HelloRequest): boolean {
  return (
    others.length === 0 ||
    (shareOf(policy) !== 'exclusive' &&
      others.every(({ hello }) => samePolicy(hello.policy, policy)))
  );
}

/** Whether it may have the code in their stead: all of them are earlier starts of the same installation. */
export function mayTake(
  others: readonly Session[],
  { takeover, installation }: HelloRequest,
): boolean {
  return takeover || others.every(({ hello }) => hello.installation === installation);
}

/** Whether a member is an earlier start of the agent that says hello: two that poll are two agents. */
export function isPredecessor(member: Session, { installation }: HelloRequest): boolean {
  return member.hello.installation === installation && member.polls === 0;
}

/** Says who serves the code, and how to get it all the same. */
export function inUse(others: readonly Session[], code: string, limits: Limits): Problem {
  const names = [...new Set(others.map(({ hello }) => hello.software))].join(', ');
  const [first] = others;
  const { reply, offline = 'refuse' } = first?.hello.policy ?? { reply: 'wait' };
  const share = first === undefined ? 'exclusive' : shareOf(first.hello.policy);
  const detail =
    share === 'exclusive'
      ? `The code "${code}" is served by another agent (${names}) alone. Choose another code, stop that agent, or take over; to share the code, start both agents with the same policy.`
      : `The code "${code}" is shared by ${others.length} of another policy (${names}): share "${share}", reply "${reply}", offline "${offline}". Join with the same, choose another code, or take it over from all of them.`;
  // Without a poll the others may be gone already; it is worth asking again.
  return others.some(({ polls }) => polls > 0)
    ? { code: 'code_in_use', detail }
    : { code: 'code_in_use', detail, retryAfter: limits.agentGrace };
}

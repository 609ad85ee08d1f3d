/** Who is killed. */
export type Victim = 'proxy' | 'agent' | 'target' | 'nobody';

/** A moment at which somebody is killed. */
export interface KillPoint {
  readonly name: string;
  readonly victim: Victim;
  /** What the victim calls the moment; the target has none, and is killed in the midst of the load. */
  readonly failPoint?: string;
  /** Whether callers wait for the target's answer, or get 202 at once. */
  readonly reply: 'wait' | 'accept';
}

/** Every moment at which a kill has to lose nothing, in the order in which a request meets them. */
export const KILL_POINTS: readonly KillPoint[] = [
  { name: 'nobody', victim: 'nobody', reply: 'accept' },
  { name: 'accepted', victim: 'proxy', failPoint: 'accepted', reply: 'accept' },
  { name: 'body spooled', victim: 'proxy', failPoint: 'body_spooled', reply: 'accept' },
  { name: 'before fsync', victim: 'proxy', failPoint: 'before_fsync', reply: 'accept' },
  { name: 'after fsync, before 202', victim: 'proxy', failPoint: 'after_fsync', reply: 'accept' },
  { name: 'committed before the caller', victim: 'proxy', failPoint: 'committed', reply: 'accept' },
  { name: 'leased before the poll', victim: 'proxy', failPoint: 'leased', reply: 'accept' },
  {
    name: 'written before acknowledged',
    victim: 'proxy',
    failPoint: 'poll_answered',
    reply: 'accept',
  },
  {
    name: 'acknowledged before the target',
    victim: 'agent',
    failPoint: 'acknowledged_before_target',
    reply: 'accept',
  },
  {
    name: 'answered before the reply',
    victim: 'agent',
    failPoint: 'target_answered_before_reply',
    reply: 'accept',
  },
  { name: 'in mid-reply', victim: 'agent', failPoint: 'mid_reply', reply: 'accept' },
  {
    name: 'reply before commit',
    victim: 'proxy',
    failPoint: 'reply_before_commit',
    reply: 'accept',
  },
  { name: 'mid-write to the caller', victim: 'proxy', failPoint: 'mid_answer', reply: 'wait' },
  { name: 'the target, accepted', victim: 'target', reply: 'accept' },
  { name: 'the target, live', victim: 'target', reply: 'wait' },
  {
    name: 'the agent, live',
    victim: 'agent',
    failPoint: 'acknowledged_before_target',
    reply: 'wait',
  },
];

import { Deadlines } from '../protocol/index.ts';
import {
  type CopyLimits,
  copyOf,
  deadlineTime,
  type Exchange,
  isCopyable,
  type Logger,
} from '../routing/index.ts';
import type { TunnelParts } from './parts.ts';
import type { Session } from './session.ts';

/** Gives each exchange to one of several agents, which replies, and a copy of it to all others. */
export class Broadcast {
  readonly #most: number;
  readonly #log: Logger;
  readonly #copying: CopyLimits;
  /** Of copies that their agents have not fetched whole. */
  readonly #patience: Deadlines<Exchange>;
  /** Those of whom the log has said that they lose copies. */
  readonly #behind = new WeakSet<Session>();

  constructor({ limits, clock, log, heldBytes }: TunnelParts) {
    this.#most = limits.buffer;
    this.#log = log;
    this.#copying = {
      bytes: limits.copyBuffer,
      waitMs: limits.copyWait * 1000,
      clock,
      heldBytes,
    };
    this.#patience = new Deadlines(deadlineTime(clock), limits.maxTimeoutResponse * 1000, (copy) =>
      copy.fail({ code: 'response_timeout', detail: 'The agent did not fetch its copy.' }),
    );
  }

  /** `members` are in the order in which they joined, at least one. */
  offer(exchange: Exchange, members: readonly Session[], leader: Session): void {
    if (isCopyable(exchange)) {
      for (const member of members) if (member !== leader) this.#copy(exchange, member);
    }
    leader.give(exchange);
  }

  #copy(exchange: Exchange, member: Session): void {
    if (member.copies >= this.#most) {
      if (!this.#behind.has(member)) {
        this.#log.warn({ agent: member.hello.software }, 'copies dropped: too many wait');
      }
      this.#behind.add(member);
      return;
    }
    this.#behind.delete(member);
    const copy = copyOf(exchange, this.#copying, (turn) => {
      if (turn === 'source') this.#patience.remove(deadline);
      else this.#patience.restart(deadline);
    });
    const deadline = this.#patience.add(copy);
    copy.onEnd(() => this.#patience.remove(deadline));
    member.give(copy);
  }
}

/** Who gives the reply: the first to have joined of those that are there. */
export function leaderOf(members: readonly Session[]): Session | undefined {
  return members.find(({ away }) => !away) ?? members[0];
}

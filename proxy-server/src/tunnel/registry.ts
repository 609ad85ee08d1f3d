import type { Limits } from '../config/limits.ts';
import type { HelloRequest } from '../protocol/index.ts';
import type { Logger, Presence, PresenceWatcher, Route, Router } from '../routing/index.ts';
import type { TunnelParts } from './parts.ts';
import type { Session } from './session.ts';
import { type Attached, Tunnel } from './tunnel.ts';

/** Which tunnels there are, and which sessions: the routes of this machine. */
export class Registry implements Router, Presence {
  readonly #parts: TunnelParts;
  readonly #limits: Limits;
  readonly #log: Logger;
  readonly #tunnels = new Map<string, Tunnel>();
  readonly #sessions = new Map<string, { session: Session; tunnel: Tunnel }>();
  #watcher: PresenceWatcher | undefined;

  constructor(parts: TunnelParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#log = parts.log;
  }

  /** Whom to tell of agents that come and go; one alone. */
  watch(watcher: PresenceWatcher): void {
    this.#watcher = watcher;
  }

  served(code: string): boolean {
    return this.#tunnels.get(code)?.served === true;
  }

  notify(code: string, record: string): void {
    this.#tunnels.get(code)?.notify(record);
  }

  route(code: string): Route {
    return this.#tunnel(code);
  }

  hello(hello: HelloRequest): Attached {
    const resumes = this.#tunnels.get(hello.code)?.serves(hello.instance) === true;
    if (!resumes && this.#sessions.size >= this.#limits.maxSessions) {
      return {
        kind: 'refused',
        problem: {
          code: 'busy',
          detail: `The limit is ${this.#limits.maxSessions} agents.`,
          retryAfter: 5,
        },
      };
    }
    const tunnel = this.#tunnel(hello.code);
    const attached = tunnel.attach(hello);
    if (attached.kind === 'session' && attached.isNew) {
      this.#sessions.set(attached.session.id, { session: attached.session, tunnel });
      this.#log.info({ code: hello.code, agent: hello.software }, 'agent connected');
    }
    return attached;
  }

  /** The session with that id; undefined if it never was or is over. */
  session(id: string): Session | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** The agent says good-bye. */
  bye(session: Session): void {
    this.#sessions.get(session.id)?.tunnel.bye(session);
  }

  drain(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.drain();
  }

  /** Ends every session, and whatever waits for one. */
  destroy(): void {
    for (const { session, tunnel } of [...this.#sessions.values()]) {
      tunnel.endSession(session, 'The proxy was stopped.');
    }
    for (const tunnel of [...this.#tunnels.values()]) tunnel.failWaiting();
  }

  #tunnel(code: string): Tunnel {
    let tunnel = this.#tunnels.get(code);
    if (tunnel === undefined) {
      tunnel = new Tunnel(code, {
        ...this.#parts,
        onSessionEnd: (session) => {
          if (!this.#sessions.delete(session.id)) return;
          this.#log.info({ code, agent: session.hello.software }, 'agent disconnected');
        },
        onIdle: () => this.#tunnels.delete(code),
        onPresence: () => this.#watcher?.onPresence(code),
        onRefused: () => this.#watcher?.onRefused(code),
      });
      this.#tunnels.set(code, tunnel);
    }
    return tunnel;
  }
}

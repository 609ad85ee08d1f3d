import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { framingOf, MessageReader, NO_BODY } from '../e2e/support/message.ts';
import type { Case, Seen } from './case.ts';

/** How long a case may take, in milliseconds. */
const CASE_MS = 3_000;

/** How long both ends are listened to once nothing comes any more. */
const QUIET_MS = 150;

/** A target that notes every byte and answers what the case says. */
export class ScriptedTarget {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #case: Case | undefined;
  #text = '';
  #endedAt: number | undefined;

  private constructor() {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      this.#serve(socket);
    });
  }

  static async listen(): Promise<ScriptedTarget> {
    const target = new ScriptedTarget();
    await new Promise<void>((resolve) => target.#server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** What came since {@link play}, in Latin-1. */
  get text(): string {
    return this.#text;
  }

  /** When the connection of the case ended, if it did. */
  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  play(played: Case): void {
    // No connection of an earlier case is used again.
    for (const socket of this.#sockets) socket.destroy();
    this.#case = played;
    this.#text = '';
    this.#endedAt = undefined;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    const played = this.#case;
    let talked = false;
    const answer = (): void => {
      if (played === undefined || talked) return;
      talked = true;
      const { response, after = 'keep', pauseMs = 0 } = played;
      if (response === undefined) return;
      socket.write(response, 'latin1');
      const finish = (): void => {
        if (after === 'end') socket.end();
        if (after === 'reset') socket.resetAndDestroy();
      };
      if (pauseMs === 0) finish();
      else setTimeout(finish, pauseMs);
    };
    const reader = new MessageReader({
      onHead: ({ fields }) => {
        if (played?.early === true) setImmediate(answer);
        return framingOf(fields, NO_BODY);
      },
      onPiece: () => undefined,
      onEnd: answer,
    });
    let spoke = false;
    const gone = (): void => {
      if (spoke && played === this.#case) this.#endedAt ??= performance.now();
      socket.destroy();
    };
    socket.on('data', (chunk) => {
      spoke = true;
      if (played === this.#case) this.#text += chunk.toString('latin1');
      try {
        reader.push(chunk);
      } catch {
        // It is not HTTP any more; what came is noted all the same.
        socket.destroy();
      }
    });
    socket.on('end', gone);
    socket.on('error', gone);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** Plays a case through an intermediary that listens at `port` and has the target below `base`. */
export async function runCase(
  played: Case,
  target: ScriptedTarget,
  port: number,
  base: string,
): Promise<Seen> {
  target.play(played);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  const connection: { end: Seen['end'] } = { end: 'open' };
  let changedAt = performance.now();
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    changedAt = performance.now();
  });
  socket.on('end', () => {
    if (connection.end === 'open') connection.end = 'fin';
  });
  socket.on('error', () => {
    connection.end = 'reset';
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.write(played.request.replaceAll('{base}', base), 'latin1');
  if (played.caller === 'half-closes') {
    // In a segment of its own: what comes with the request itself nginx may overlook.
    await delay(5);
    socket.end();
  }
  const began = performance.now();
  let leftAt: number | undefined;
  let held = '';
  for (;;) {
    await delay(10);
    const now = performance.now();
    if (played.caller === 'leaves' && leftAt === undefined && target.text !== '') {
      // Long enough after the request that nobody takes it for a half-close.
      if (now - began < QUIET_MS) continue;
      leftAt = now;
      socket.destroy();
    }
    if (held !== answer + target.text) {
      held = answer + target.text;
      changedAt = now;
    }
    if (now - began > CASE_MS) break;
    const over = connection.end !== 'open' || target.endedAt !== undefined;
    if (over && now - changedAt > QUIET_MS) break;
    if (played.stays === true && answer !== '' && now - changedAt > QUIET_MS) break;
  }
  const seen = {
    target: target.text,
    answer,
    end: connection.end,
    cancelled: target.endedAt !== undefined,
  };
  socket.destroy();
  return seen;
}

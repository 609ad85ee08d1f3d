import type { Socket } from 'node:net';
import type { Problem } from '../protocol/index.ts';
import { rawProblem } from './problem-answer.ts';

/** How long a refused connection may take to go, in milliseconds. */
const LINGER_MS = 2_000;

/** Answers on a connection that has no request and response objects, and sees to it that it goes. */
export function refuseConnection(socket: Socket, problem: Problem): void {
  socket.on('error', () => socket.destroy());
  socket.end(rawProblem(problem));
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.on('close', () => clearTimeout(timer));
}

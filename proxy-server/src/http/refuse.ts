import type { Socket } from 'node:net';
import type { Problem } from '../protocol/index.ts';
import { closeGently } from './close-socket.ts';
import { rawProblem } from './problem-answer.ts';

/** Answers on a connection that has no request and response objects, and sees to it that it goes. */
export function refuseConnection(socket: Socket, problem: Problem): void {
  socket.on('error', () => socket.destroy());
  closeGently(socket, rawProblem(problem));
}

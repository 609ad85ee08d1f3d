import { EXIT, type ExitCode } from 'caronte-proxy/command';
import { waitingLine } from '../view/index.ts';
import type { QueueContext } from './output.ts';

/** Has deliveries wait. */
export async function pauseQueue({ client, output }: QueueContext): Promise<ExitCode> {
  const queue = await client.pause();
  output.print(
    queue.waiting > 0
      ? waitingLine(queue, output.now(), output.moment)
      : 'paused: what comes will wait for caronte queue resume',
  );
  return EXIT.ok;
}

/** Has deliveries go on. */
export async function resumeQueue({ client, output }: QueueContext): Promise<ExitCode> {
  const queue = await client.resume();
  const what =
    queue.waiting > 0 ? waitingLine(queue, output.now(), output.moment) : 'nothing waits';
  output.print(`deliveries go on: ${what}`);
  return EXIT.ok;
}

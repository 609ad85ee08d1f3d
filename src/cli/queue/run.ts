import { EXIT, type ExitCode } from 'caronte-proxy/command';
import { QueueClient, type QueueClientOptions, TroubleError } from '../../agent/index.ts';
import { readNetwork } from '../tunnel/network.ts';
import { type CliWarning, readTunnel, type TunnelSources } from '../tunnel/options.ts';
import { definedOf } from '../tunnel/values.ts';
import { visible } from '../view/index.ts';
import type { Output, QueueContext } from './output.ts';

/** What a command does once all that it was given is in order. */
export type Act = (context: QueueContext) => Promise<ExitCode>;

/**
 * Runs one command of the queue: `read` judges what is its own and says what is to be done. All problems
 * are told at once, and none shows a secret.
 */
export async function runQueue(
  sources: TunnelSources,
  read: (problems: string[]) => Act,
  output: Output,
): Promise<ExitCode> {
  const problems: string[] = [];
  const access = readQueueAccess(sources, problems);
  const act = read(problems);
  if (access === undefined || problems.length > 0) {
    for (const problem of problems) output.complain(problem);
    return EXIT.usage;
  }
  for (const { message } of access.warnings) output.remark(`warning: ${message}`);
  const client = new QueueClient(access.options);
  try {
    return await act({ client, output });
  } catch (error) {
    tellFailure(error, output);
    return EXIT.failure;
  } finally {
    await client.destroy();
  }
}

interface QueueAccess {
  readonly options: QueueClientOptions;
  readonly warnings: readonly CliWarning[];
}

function readQueueAccess(sources: TunnelSources, problems: string[]): QueueAccess | undefined {
  const { secret, code, proxyUrl, proxyCa, warnings } = readTunnel(sources, problems);
  const { flags, env } = sources;
  const network = readNetwork(
    { flag: flags.networkProxy, env, ca: proxyCa, called: [proxyUrl] },
    problems,
  );
  if (secret === undefined || code === undefined || proxyUrl === undefined) return undefined;
  return { options: { proxyUrl, secret, code, ...definedOf({ network, proxyCa }) }, warnings };
}

function tellFailure(error: unknown, { complain, remark }: Output): void {
  if (!(error instanceof TroubleError)) {
    return complain(visible(error instanceof Error ? error.message : String(error)));
  }
  const { code, message, advice } = error.trouble;
  // The general advice is for an agent.
  if (code === 'queue_unavailable') return complain(`${message}: start it with --data-dir`);
  complain(visible(message));
  if (advice !== undefined) remark(`  ${visible(advice)}`);
}

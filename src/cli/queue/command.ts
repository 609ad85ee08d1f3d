import { complain, leave, readText } from 'caronte-proxy/command';
import { Command } from 'commander';
import { moment } from '../time.ts';
import {
  addFlags,
  CODE_FLAGS,
  type FlagHelp,
  PROXY_FLAGS,
  type TunnelFlags,
} from '../tunnel/flags.ts';
import { boundsText } from '../tunnel/numbers.ts';
import { styleFor } from '../view/index.ts';
import { LIST_BOUNDS, LIST_LIMIT, type ListFlags, listQueue, readListOptions } from './list.ts';
import type { Output } from './output.ts';
import { pauseQueue, resumeQueue } from './pause.ts';
import { type Act, runQueue } from './run.ts';
import {
  type DeliverFlags,
  deliverQueued,
  type DiscardFlags,
  discardQueued,
  readDeliverOptions,
  readDiscardOptions,
} from './settle.ts';
import { readShowOptions, type ShowFlags, showQueued } from './show.ts';

const EXAMPLES = `
Ids may be shortened to their beginnings, from 4 digits on. All commands take --code, the secret and
the proxy's address as "caronte agent" does.

Examples:
  caronte queue list --code orders --state dead
  caronte queue show 0011 --code orders --body | jq
  caronte queue deliver --all --code orders
  caronte queue discard 0011 4711 --code orders

Exit codes: 0 if it was done, 1 if it could not be, 2 if what was given is wrong.`;

/** `caronte queue`: looks at what the proxy keeps for a tunnel, and settles it. */
export function queueCommand(): Command {
  return new Command('queue')
    .summary('look at requests that the proxy keeps, deliver or discard them')
    .description('Shows and settles the requests that the proxy keeps for a tunnel.')
    .addHelpText('after', EXAMPLES)
    .addCommand(
      subcommand('list', 'show what waits, and what was given up', [
        ['--state <waiting|dead>', 'Only those that wait, or that were given up (default: both)'],
        [
          '--limit <number>',
          `Requests that are shown at most (${boundsText(LIST_BOUNDS.limit)}; default: ${LIST_LIMIT})`,
        ],
        ['--json', 'One JSON object a line'],
      ]).action((flags: ListFlags) =>
        perform(flags, (problems) => {
          const options = readListOptions(flags, problems);
          return (context) => listQueue(context, options);
        }),
      ),
    )
    .addCommand(
      subcommand('show', 'show one request with its header fields', [
        ['--body', 'Its body alone, byte for byte; made harmless if it goes to a terminal'],
      ])
        .argument('<id>', 'Id of the request, or its beginning')
        .action((id: string, flags: ShowFlags) =>
          perform(flags, (problems) => {
            const options = readShowOptions(id, flags, problems);
            return (context) => showQueued(context, options);
          }),
        ),
    )
    .addCommand(
      subcommand('deliver', 'deliver requests now, and dead letters anew', [
        ['--all', 'All dead letters'],
      ])
        .argument('[ids...]', 'Ids of the requests, or their beginnings')
        .action((ids: string[], flags: DeliverFlags) =>
          perform(flags, (problems) => {
            const chosen = readDeliverOptions(ids, flags, problems);
            return (context) => deliverQueued(context, chosen);
          }),
        ),
    )
    .addCommand(
      subcommand('discard', 'drop requests for good', [
        ['--all-dead', 'All that were given up'],
        ['--all-waiting', 'All that wait'],
        ['--yes', 'Mean it; needed for all'],
      ])
        .argument('[ids...]', 'Ids of the requests, or their beginnings')
        .action((ids: string[], flags: DiscardFlags) =>
          perform(flags, (problems) => {
            const chosen = readDiscardOptions(ids, flags, problems);
            return (context) => discardQueued(context, chosen);
          }),
        ),
    )
    .addCommand(
      subcommand('pause', 'have deliveries wait').action((flags: TunnelFlags) =>
        perform(flags, () => pauseQueue),
      ),
    )
    .addCommand(
      subcommand('resume', 'have deliveries go on').action((flags: TunnelFlags) =>
        perform(flags, () => resumeQueue),
      ),
    );
}

function subcommand(name: string, summary: string, own: readonly FlagHelp[] = []): Command {
  const command = new Command(name).description(summary).allowExcessArguments(false);
  return addFlags(command, { 'Options:': own, 'Tunnel:': CODE_FLAGS, 'Proxy:': PROXY_FLAGS });
}

async function perform(flags: TunnelFlags, read: (problems: string[]) => Act): Promise<void> {
  const output = terminal();
  const code = await runQueue({ flags, env: process.env, read: readText }, read, output);
  // A list may be longer than what a pager has taken so far.
  await new Promise((resolve) => output.stdout.write('', resolve));
  leave(code);
}

function terminal(): Output {
  const { stdout } = process;
  // Whoever reads the lines may go away.
  stdout.on('error', () => undefined);
  return {
    print: (line) => void stdout.write(`${line}\n`),
    complain: (problem) => complain([problem]),
    remark: (line) => void process.stderr.write(`${line}\n`),
    stdout,
    isTerminal: stdout.isTTY,
    style: styleFor(stdout.isTTY, process.env),
    columns: stdout.isTTY ? stdout.columns : undefined,
    now: () => Date.now(),
    moment,
  };
}

import { Command, Option } from 'commander';
import {
  environmentName,
  type Flags,
  flagName,
  loadConfig,
  OPTION_NAMES,
  type OptionName,
  OPTIONS,
  printConfig,
  readText,
} from './config/index.ts';
import { complain, EXIT, leave } from './exit.ts';
import { runProxy } from './run.ts';

export {
  type FileText,
  isBaseUrl,
  isHost,
  readText,
  SECRET_WAYS,
  secretLines,
  secretProblem,
} from './config/index.ts';
export { complain, EXIT, type ExitCode, leave, usageErrorsExitWith2 } from './exit.ts';
export { baseAddress, listenProblem } from './listen.ts';
export { runUntilStopped, type Service, type StopSource } from './stop.ts';

const EXAMPLES = `
Values are taken from the command line, else the environment, else the file given with --config,
else the default. Sizes are in bytes, times in seconds.

Examples:
  CARONTE_SECRET=… caronte proxy
  caronte proxy --secret-file /run/secrets/caronte --public-url https://tunnel.example.com
  caronte proxy --tls-cert full.pem --tls-key key.pem --port 443 --domain tunnels.example.com
  caronte proxy --config caronte.json --port 9000 --print-config

Callers reach a tunnel at http(s)://<this proxy>/forward/<code>/<path>; with --domain also at
http(s)://<code>.<domain>/<path>.

SIGTERM drains, a second one ends at once. SIGHUP reads certificate, key and secrets again.

Exit codes: 0 after a clean shutdown, 1 if the proxy fails, 2 if the configuration is wrong.`;

/** The command that runs a proxy: `caronte proxy`, and `caronte-proxy` by itself. */
export function proxyCommand(name = 'proxy'): Command {
  const command = new Command(name)
    .summary('run the public proxy that callers and agents connect to')
    .description('Runs the proxy: it holds a caller connection open until an agent has the answer.')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false);
  for (const option of OPTION_NAMES) command.addOption(flagOf(option));
  return command
    .option(
      '--config <file>',
      'JSON file with these options, named as in maxTimeoutLongPoll (CARONTE_CONFIG)',
    )
    .option('--print-config', 'Show the effective configuration, secrets hidden, and exit')
    .action(async (given: Flags & { readonly printConfig?: true }) => {
      await act(given, given.printConfig === true);
    });
}

function flagOf(name: OptionName): Option {
  const { placeholder, help, group } = OPTIONS[name];
  const flag = new Option(`${flagName(name)} <${placeholder}>`, `${help} ${remarks(name)}`);
  // Left as text: flags, variables and file go through the same check.
  if (name === 'secret')
    flag.argParser((value, all: string[] | undefined) => [...(all ?? []), value]);
  return flag.helpGroup(group);
}

function remarks(name: OptionName): string {
  const { fallback, fallbackHelp, expected } = OPTIONS[name];
  const bounds = /from \d+ to \d+$/.exec(expected)?.[0].replace('from ', '');
  const parts = [bounds, `default ${fallbackHelp ?? String(fallback)}`, environmentName(name)];
  return `(${parts.filter((part) => part !== undefined).join('; ')})`;
}

async function act(flags: Flags, print: boolean): Promise<void> {
  const terminal = process.stdout.isTTY;
  const load = () => loadConfig({ flags, env: process.env, terminal, read: readText });
  const result = load();
  if (!result.ok) {
    complain(result.problems);
    leave(EXIT.usage);
  } else if (print) {
    for (const { message } of result.config.warnings) process.stderr.write(`warning: ${message}\n`);
    process.stdout.write(printConfig(result.config));
    leave(EXIT.ok);
  } else {
    leave(await runProxy(result.config, load));
  }
}

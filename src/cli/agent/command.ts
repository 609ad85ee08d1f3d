import { randomBytes } from 'node:crypto';
import { complain, EXIT, leave, readText } from 'caronte-proxy/command';
import { Command } from 'commander';
import { addFlags, CODE_FLAGS, type FlagGroups, PROXY_FLAGS } from '../tunnel/flags.ts';
import { boundsText } from '../tunnel/numbers.ts';
import { AGENT_BOUNDS } from './bounds.ts';
import type { AgentFlags } from './flags.ts';
import { readAgentConfig } from './options.ts';
import { QUEUE_FLAGS } from './queue.ts';
import { runAgent } from './run.ts';

const EXAMPLES = `
Examples:
  CARONTE_SECRET=… caronte agent --code orders --target-port 3000 --send-reply
  caronte agent --secret-file ~/.caronte --code orders --target http://localhost:3000 \\
    --proxy-url https://tunnel.example.com --send-reply

Callers use the address that is shown once the tunnel is live. Ctrl-C finishes what is in hand, a
second one drops it.

Exit codes: 0 after a clean shutdown, 1 if the tunnel cannot go on, 2 if what was given is wrong.`;

/** `caronte agent`: the end of a tunnel that runs beside the target. */
export function agentCommand(version: string): Command {
  const command = new Command('agent')
    .summary('connect a local service to a proxy')
    .description('Runs an agent: what callers send to the proxy under the code reaches the target.')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES);
  return addFlags(command, FLAGS).action(async (flags: AgentFlags) => {
    const result = readAgentConfig({
      flags,
      env: process.env,
      read: readText,
      installation: randomBytes(16).toString('hex'),
      version,
    });
    if (result.ok) {
      leave(await runAgent(result.config, version));
    } else {
      complain(result.problems);
      leave(EXIT.usage);
    }
  });
}

/** Defaults are told, not set: the reader has to know what was given. */
const FLAGS: FlagGroups = {
  'Tunnel:': [
    ...CODE_FLAGS,
    ['--takeover', 'Take the code from all other agents that have it'],
    [
      '--share <exclusive|balance|broadcast>',
      'exclusive: no other agent may serve the code. balance: each request goes to one of its agents. broadcast: each goes to all of them, and the first to have joined gives the answer. All agents of a code must say the same (default: exclusive)',
    ],
    [
      '--send-reply',
      "Callers wait for the target's answer and get it (default: they get 202 at once)",
    ],
  ],
  'Proxy:': [
    ...PROXY_FLAGS,
    [
      '--min-wait <seconds>',
      `Polls that something on the way breaks off wait for less time, but not for less than this (${boundsText(AGENT_BOUNDS.minWait)}; default: 5)`,
    ],
    [
      '--timeout <seconds>',
      `A poll that brings no byte for so long is taken for dead (${boundsText(AGENT_BOUNDS.timeout)}; default: 60)`,
    ],
  ],
  'Target:': [
    [
      '--target <url>',
      'Address of the target, in place of the three parts that follow; unix:/path/to/socket for a Unix socket',
    ],
    ['--target-protocol <http|https>', 'Protocol of the target (default: http)'],
    ['--target-host <host>', 'Host of the target (default: localhost)'],
    ['--target-port <port>', 'Port of the target (default: 8080)'],
    [
      '--target-ca <file>',
      "Certificates in PEM that the target's may come from, beside the well-known authorities",
    ],
    ['--target-insecure', 'Do not check the certificate of the target'],
    [
      '--host-header <target|preserve|host>',
      "Host that the target gets: its own, the caller's, or this one (default: target)",
    ],
    [
      '--rewrite-paths',
      "Make the target's redirects and the paths of its cookies lead below /forward/<code> (default: they pass as they are)",
    ],
    [
      '--target-max-attempts <number>',
      `How often a target that cannot be reached is tried (${boundsText(AGENT_BOUNDS.targetMaxAttempts)}; default: 5)`,
    ],
    [
      '--target-timeout <seconds>',
      `How long the target may take to begin its answer (${boundsText(AGENT_BOUNDS.targetTimeout)}; default: 120)`,
    ],
  ],
  'Queue:': QUEUE_FLAGS,
  'Output:': [
    ['--log-format <pretty|json>', 'Lines for people, or one JSON object a line (default: pretty)'],
  ],
};

import { proxyCommand } from 'caronte-proxy/command';
import { Command } from 'commander';
import { agentCommand } from './agent/command.ts';
import { echoCommand } from './echo/command.ts';
import { queueCommand } from './queue/command.ts';

const EXAMPLES = `
A tunnel on one machine, each command in a terminal of its own with the same CARONTE_SECRET:
  caronte echo --port 5000
  caronte proxy --port 8080
  caronte agent --code example --target-port 5000 --send-reply
  curl --data hello http://localhost:8080/forward/example/any/path`;

/** The `caronte` command. */
export function program(version: string): Command {
  return new Command('caronte')
    .description('Lets callers from outside reach an HTTP service on this machine.')
    .version(version)
    .addCommand(agentCommand(version))
    .addCommand(proxyCommand())
    .addCommand(queueCommand())
    .addCommand(echoCommand())
    .addHelpText('after', EXAMPLES);
}

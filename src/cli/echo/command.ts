import {
  baseAddress,
  complain,
  EXIT,
  type ExitCode,
  leave,
  listenProblem,
  runUntilStopped,
} from 'caronte-proxy/command';
import { Command } from 'commander';
import { timeOfDay } from '../time.ts';
import { duration, styleFor, visibleBytes } from '../view/index.ts';
import { ECHO_DEFAULTS, type EchoFlags, MAX_DELAY, readEchoOptions } from './options.ts';
import { createEchoServer, type EchoedRequest, type EchoOptions } from './server.ts';

const EXAMPLES = `
Answers 200 with the body and the header fields of the request; Echo-Method and Echo-Path say what
arrived.

Example:
  caronte echo --port 5000 --delay 1

Exit codes: 0 after a clean shutdown, 1 if it cannot listen, 2 if what was given is wrong.`;

/** `caronte echo`: a target to try a tunnel with. */
export function echoCommand(): Command {
  return new Command('echo')
    .summary('run a target that answers with what it is sent')
    .description('Runs an HTTP server that sends requests back, to try a tunnel with.')
    .allowExcessArguments(false)
    .option('--host <host>', `Address to listen on (default: ${ECHO_DEFAULTS.host})`)
    .option(
      '--port <port>',
      `Port to listen on; 0 takes any free one (default: ${ECHO_DEFAULTS.port})`,
    )
    .option(
      '--delay <seconds>',
      `Pause before each answer; fractions are allowed (0 to ${MAX_DELAY}; default: ${ECHO_DEFAULTS.delay})`,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: EchoFlags) => {
      const result = readEchoOptions(flags);
      if (result.ok) {
        leave(await runEcho(result.options));
      } else {
        complain(result.problems);
        leave(EXIT.usage);
      }
    });
}

async function runEcho(options: EchoOptions): Promise<ExitCode> {
  const style = styleFor(process.stdout.isTTY, process.env);
  process.stdout.on('error', () => undefined);
  const print = (line: string): void => {
    process.stdout.write(`${style.dim(timeOfDay(Date.now()))} ${line}\n`);
  };

  const server = createEchoServer(options, (request) => print(requestLine(request)));
  let url: string;
  try {
    const { host, port } = await server.listen();
    url = baseAddress(host, port);
    print(`listening on ${host}, port ${port}: ${url}`);
  } catch (error) {
    complain([listenProblem(error, options.host, options.port)]);
    return EXIT.failure;
  }
  process.send?.({ type: 'listening', url });
  const end = await runUntilStopped(server, process, (step) => {
    print(step === 'closing' ? 'stopping: requests in hand may finish' : 'dropping connections');
  });
  return end === 'destroyed' ? EXIT.failure : EXIT.ok;
}

/** One line of a request, without its query, which may hold credentials. */
export function requestLine({ method, url, bytes, durationMs, complete }: EchoedRequest): string {
  const [path = ''] = url.split('?', 1);
  const end = complete ? '200' : '200 broken off';
  return `${visibleBytes(method)} ${visibleBytes(path)} ${end} ${duration(durationMs)} ${bytes} bytes`;
}

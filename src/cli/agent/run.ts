import { EXIT, type ExitCode, runUntilStopped } from 'caronte-proxy/command';
import { type ConnectionState, createAgent } from '../../agent/index.ts';
import { moment, timeOfDay } from '../time.ts';
import { jsonView, styleFor, textView, type View } from '../view/index.ts';
import type { AgentConfig } from './options.ts';

/** Runs an agent in this process until it is asked to stop, or cannot go on. */
export async function runAgent(config: AgentConfig, version: string): Promise<ExitCode> {
  const { options } = config;
  const view = config.logFormat === 'json' ? jsonView() : terminalView(!options.sendReply);
  const print = (lines: readonly string[]): void => {
    for (const line of lines) process.stdout.write(`${line}\n`);
  };
  const warn = (warning: { code: string; message: string }): void => {
    process.stderr.write(`${view.warning(warning)}\n`);
  };
  // Whoever reads the lines may go away: that is no reason to end the tunnel.
  process.stdout.on('error', () => undefined);

  const { proxyUrl: proxy, target, code } = options;
  print(view.introduction({ version, code, proxy, target }));
  for (const warning of config.warnings) warn(warning);

  let onStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    onStopped = resolve;
  });
  let last: ConnectionState = { kind: 'idle' };
  const agent = createAgent(options, {
    onState: (state) => {
      last = state;
      print(view.state(state, Date.now()));
      if (state.kind === 'live') {
        process.send?.({ type: 'live', urls: state.publicUrls });
      }
      // Whoever lost the code to another agent still answers what it has in hand.
      if (state.kind === 'stopped') void agent.close().then(onStopped);
    },
    onExchange: (event) => print(view.exchange(event)),
    onWarning: warn,
    onQueue: (state) => print(view.queue(state, Date.now())),
    onMissed: (missed) => print(view.missed(missed, Date.now())),
  });

  agent.start();
  const end = await runUntilStopped(
    agent,
    process,
    (step) => print(view.stopping({ step, inHand: agent.inHand }, Date.now())),
    stopped,
  );
  if (end === 'ended') await agent.destroy();
  return end === 'destroyed' || hasTrouble(last) ? EXIT.failure : EXIT.ok;
}

function hasTrouble(state: ConnectionState): boolean {
  return state.kind === 'stopped' && state.trouble !== undefined;
}

function terminalView(accepts: boolean): View {
  const { isTTY } = process.stdout;
  return textView({
    style: styleFor(isTTY, process.env),
    columns: () => (isTTY ? process.stdout.columns : undefined),
    timeOfDay,
    moment,
    accepts,
  });
}

import type { ProxyConfig } from './config/index.ts';
import { complain, EXIT, type ExitCode } from './exit.ts';
import { baseAddress, listenProblem } from './listen.ts';
import { createLog } from './log.ts';
import { FORWARD_PREFIX } from './protocol/index.ts';
import { createProxy } from './server.ts';
import { runUntilStopped } from './stop.ts';

/** What a parent that forked the proxy is told once it listens. */
interface ListeningMessage {
  readonly type: 'listening';
  /** Where this machine reaches it. */
  readonly url: string;
}

/** Runs a proxy in this process until it is asked to stop. */
export async function runProxy(config: ProxyConfig): Promise<ExitCode> {
  const { options } = config;
  const log = createLog(config);
  for (const { code, message } of config.warnings) log.warn({ code }, message);

  const proxy = createProxy(options, log);
  let url: string;
  try {
    const { host, port } = await proxy.listen();
    url = baseAddress(host, port);
    log.info({ host, port }, 'listening');
  } catch (error) {
    complain([listenProblem(error, options.host, options.port)]);
    return EXIT.failure;
  }
  log.info({ url: `${options.publicUrl ?? url}${FORWARD_PREFIX}<code>/<path>` }, 'callers use');
  process.send?.({ type: 'listening', url } satisfies ListeningMessage);

  const end = await runUntilStopped(proxy, process, (step) => {
    if (step === 'destroying') log.warn({}, 'dropping what is in flight');
    else {
      const seconds = options.limits.drainTimeout;
      log.info(
        { seconds },
        'shutting down: exchanges in flight may finish; a second signal drops them',
      );
    }
  });
  if (end === 'closed') log.info({}, 'stopped');
  return end === 'destroyed' ? EXIT.failure : EXIT.ok;
}

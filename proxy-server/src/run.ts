import type { ConfigResult, ProxyConfig, ProxyOptions } from './config/index.ts';
import { complain, EXIT, type ExitCode } from './exit.ts';
import { onHangUp } from './hang-up.ts';
import { baseAddress, listenProblem } from './listen.ts';
import { createLog } from './log.ts';
import { FORWARD_PREFIX } from './protocol/index.ts';
import { type Logger, systemClock } from './routing/index.ts';
import { createProxy, type Proxy } from './server.ts';
import { runUntilStopped } from './stop.ts';
import { openStore, type Store, storeLimits } from './store/index.ts';

/** What a parent that forked the proxy is told once it listens. */
interface ListeningMessage {
  readonly type: 'listening';
  /** Where this machine reaches it. */
  readonly url: string;
}

/** Runs a proxy in this process until it is asked to stop; `load` makes its configuration anew. */
export async function runProxy(config: ProxyConfig, load: () => ConfigResult): Promise<ExitCode> {
  const { options } = config;
  const log = createLog(config);
  for (const { code, message } of config.warnings) log.warn({ code }, message);

  let store: Store | undefined;
  try {
    const { dataDir, limits } = options;
    if (dataDir !== undefined) {
      store = await openStore(dataDir, { limits: storeLimits(limits), clock: systemClock, log });
    }
  } catch (error) {
    complain([error instanceof Error ? error.message : String(error)]);
    return EXIT.failure;
  }
  const proxy = createProxy(options, { log, store });
  let at: Awaited<ReturnType<Proxy['listen']>>;
  try {
    at = await proxy.listen();
  } catch (error) {
    complain([listenProblem(error, options.host, options.port)]);
    await store?.close();
    return EXIT.failure;
  }
  // Before anybody is told that it listens: who reads that may send a signal at once.
  const endHangUp = onHangUp(process, {
    reload: () => reload(proxy, options, load(), log),
    stop: () => process.emit('SIGTERM'),
  });
  const stopped = runUntilStopped(proxy, process, (step) => {
    if (step === 'destroying') log.warn({}, 'dropping what is in flight');
    else {
      const seconds = options.limits.drainTimeout;
      log.info(
        { seconds },
        'shutting down: exchanges in flight may finish; a second signal drops them',
      );
    }
  });
  log.info(at, 'listening');
  const url = baseAddress(at.host, at.port, options.tls === undefined ? 'http' : 'https');
  log.info({ url: `${options.publicUrl ?? url}${FORWARD_PREFIX}<code>/<path>` }, 'callers use');
  if (options.domain !== undefined) {
    log.info({ host: `<code>.${options.domain}` }, 'callers also use');
  }
  process.send?.({ type: 'listening', url } satisfies ListeningMessage);

  const end = await stopped;
  endHangUp();
  if (end === 'closed') log.info({}, 'stopped');
  return end === 'destroyed' ? EXIT.failure : EXIT.ok;
}

/** Puts certificate and secrets in force as they are now; what is wrong leaves all as it was. */
function reload(proxy: Proxy, before: ProxyOptions, result: ConfigResult, log: Logger): void {
  if (!result.ok) {
    log.error({ problems: result.problems }, NOT_RELOADED);
    return;
  }
  const { options, warnings } = result.config;
  for (const { code, message } of warnings) log.warn({ code }, message);
  if ((options.tls === undefined) !== (before.tls === undefined)) {
    log.error({ problems: ['TLS is switched on and off by a restart alone'] }, NOT_RELOADED);
    return;
  }
  try {
    proxy.reload(options);
    log.info({ tls: options.tls !== undefined }, 'certificate and secrets read again');
  } catch (error) {
    log.error({ problems: [String(error)] }, NOT_RELOADED);
  }
}

const NOT_RELOADED = 'not read again: certificate and secrets stay as they were';

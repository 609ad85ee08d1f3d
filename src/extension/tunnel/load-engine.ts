import type { Engine } from './tunnel.ts';

/** Loads the engine on the first start: activation stays cheap where no tunnel is used. */
export async function loadEngine(): Promise<Engine> {
  const {
    AGENT_DEFAULTS,
    createAgent,
    describeState,
    networkFromEnvironment,
    QueueClient,
    readNetworkProxy,
    staleSignature,
    staleSignatures,
  } = await import('../../agent/index.ts');
  const { targetTimeoutMs, pollTimeoutMs } = AGENT_DEFAULTS;
  return {
    createAgent,
    createQueueClient: (options) => new QueueClient(options),
    staleSignature,
    staleSignatures,
    describeState,
    networkFromEnvironment,
    isNetworkProxy: (text) => readNetworkProxy(text) !== undefined,
    defaults: { targetTimeoutMs, pollTimeoutMs },
  };
}

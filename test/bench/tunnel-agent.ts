import { AGENT_DEFAULTS, createAgent } from '../../src/agent/index.ts';

/** The agent half of the measured tunnel, as a process of its own. */
const [proxyPort = '', targetPort = ''] = process.argv.slice(2);
const agent = createAgent(
  {
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    secret: 'bench-secret-bench-secret',
    code: 'bench',
    target: `http://127.0.0.1:${targetPort}`,
    sendReply: true,
    maxAttempts: AGENT_DEFAULTS.maxAttempts,
    targetTimeoutMs: AGENT_DEFAULTS.targetTimeoutMs,
    pollTimeoutMs: AGENT_DEFAULTS.pollTimeoutMs,
    share: AGENT_DEFAULTS.share,
    takeover: false,
    installation: '0'.repeat(32),
    software: 'bench',
  },
  {
    onState: (state) => {
      if (state.kind === 'live') process.send?.({ port: Number(proxyPort) });
    },
  },
);
agent.start();
process.on('disconnect', () => process.exit(0));

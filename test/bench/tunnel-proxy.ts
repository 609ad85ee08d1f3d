import { createProxy, DEFAULT_LIMITS } from 'caronte-proxy';

/** The proxy half of the measured tunnel, as a process of its own. */
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const proxy = createProxy(
  {
    secrets: ['bench-secret-bench-secret'],
    host: '127.0.0.1',
    port: 0,
    publicUrl: undefined,
    limits: DEFAULT_LIMITS,
  },
  { log: quiet },
);

const { port } = await proxy.listen();
process.send?.({ port });
process.on('disconnect', () => process.exit(0));

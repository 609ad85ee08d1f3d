import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { QueueClient } from '../../src/agent/index.ts';
import { useWorkbench } from './mocha.ts';
import { callManyFromOutside, TestProxy, TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';
import { waitUntil } from './waiting.ts';

const STATUS = 'caronte.caronte.caronte.status';

/** `SLEEP_SECONDS=120` makes it as long as a lid that is closed for a moment. */
const SLEEP_MS = Number(process.env['SLEEP_SECONDS'] ?? 10) * 1000;
/** From waking until the tunnel must be live, in milliseconds. */
const AWAKE_MS = 5_000;
const WEBHOOKS = 500;
/** For all of them, one at a time, in milliseconds. */
const DRAIN_MS = 60_000;

describe('a laptop that sleeps', function () {
  this.timeout(SLEEP_MS + 120_000);
  let folder: string;
  let proxy: TestProxy;
  let target: TestTarget;
  const workbench = useWorkbench(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-sleep-'));
    proxy = await TestProxy.start(0, { dataDir: folder });
    target = await TestTarget.start();
    return {
      vsix: [VSIX],
      folderName: 'orders',
      settings: {
        'caronte.proxyUrl': proxy.url,
        'caronte.code': 'orders',
        'caronte.target.port': target.port,
        'caronte.whenOffline': 'queue',
      },
    };
  });

  after(async () => {
    target.close();
    await proxy.close();
    await rm(folder, { recursive: true });
  });

  it('gets all that was sent meanwhile, in order, once it wakes', async () => {
    const { quickInput, sideBar, statusBar, notifications, server } = workbench();
    await sideBar.open('Caronte');
    await workbench().runCommand('Caronte: Start Tunnel');
    await quickInput.waitForTitle(/^Start Tunnel: Secret/);
    await quickInput.type(TestProxy.SECRET);
    await quickInput.accept();
    await statusBar.item(STATUS).waitForText(`orders → :${target.port}`);

    const pid = await server.extensionHostPid();
    const lives = await connections();
    let order: string[];
    process.kill(pid, 'SIGSTOP');
    try {
      // The length of the sleep is what is tested.
      const slept = delay(SLEEP_MS);
      const url = `${proxy.url}/forward/orders/webhooks/`;
      assert.deepEqual(await callManyFromOutside(url, WEBHOOKS, 250), { 202: WEBHOOKS });
      order = await kept(proxy.url);
      assert.equal(order.length, WEBHOOKS);
      await slept;
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await waitUntil(
      async () => (await connections()) > lives,
      () => 'the tunnel to be live again',
      AWAKE_MS,
    );

    await notifications.find('500 webhooks arrived while you were away, and are being delivered.');
    await waitUntil(
      () => target.received.length === WEBHOOKS,
      () => `all at the target; there are ${target.received.length}`,
      DRAIN_MS,
    );
    assert.deepEqual(
      target.received.map(({ headers }) => headers['caronte-delivery']),
      order,
    );
    const tunnels = workbench().view('caronte.tunnels').tree;
    await tunnels.waitForRows((rows) => !rows.some(({ label }) => /waiting/.test(label)));
    const [newest] = await workbench()
      .view('caronte.requests')
      .tree.waitForRows((rows) => rows.length > 1 && rows[0]?.icon === 'pass');
    assert.match(newest?.description ?? '', /^200 · queued · 2nd delivery · /);
    assert.match(await statusBar.item(STATUS).tooltip(), /Today: 500 requests/);
    await workbench().screenshot('queue-after-sleep');
  });

  /** How often the tunnel has become live so far. */
  async function connections(): Promise<number> {
    return (await workbench().server.logs()).split('Tunnel orders: live').length;
  }
});

/** The requests that the proxy keeps, in the order in which they are to be delivered. */
async function kept(proxyUrl: string): Promise<string[]> {
  const client = new QueueClient({ proxyUrl, secret: TestProxy.SECRET, code: 'orders' });
  const ids: string[] = [];
  let after: number | undefined;
  do {
    const page = await client.list({ state: 'waiting', after, limit: 200 });
    ids.push(...page.entries.map(({ id }) => id));
    after = page.next ?? undefined;
  } while (after !== undefined);
  await client.destroy();
  return ids;
}

import assert from 'node:assert/strict';
import { useWorkbench } from './mocha.ts';
import { callFromOutside, TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';
import { waitUntil } from './waiting.ts';

const STATUS = 'caronte.caronte.caronte.status';

describe('a queue of the local proxy', () => {
  let target: TestTarget;
  const workbench = useWorkbench(async () => {
    target = await TestTarget.start();
    return {
      vsix: [VSIX],
      folderName: 'shop',
      settings: {
        'caronte.code': 'shop',
        'caronte.target.port': target.port,
        'caronte.whenOffline': 'queue',
      },
    };
  });

  after(() => {
    target.close();
  });

  async function live(): Promise<string> {
    await workbench().statusBar.item(STATUS).waitForText(`shop → :${target.port}`);
    await workbench().runCommand('Caronte: Copy Public URL');
    return workbench().clipboard.waitFor(/forward/);
  }

  it('can be tried without a proxy', async () => {
    await workbench().sideBar.open('Caronte');
    await workbench().view('caronte.tunnels').clickWelcomeLink('Try It Without a Proxy');
    const url = await live();
    await waitUntil(
      () => target.received.length === 1,
      () => 'the sample',
    );
    await workbench().runCommand('Caronte: Stop Tunnel');
    await workbench().statusBar.item(STATUS).waitForText('Caronte');
    assert.equal((await callFromOutside(`${url}/webhooks/later`, { body: 'x' })).status, 202);
    await workbench().view('caronte.tunnels').clickAction('Start Tunnel');
    await live();
    await workbench().notifications.find('1 webhook arrived while you were away');
    await waitUntil(
      () => target.received.length === 2,
      () => 'what was queued',
    );
    assert.equal(target.received[1]?.headers['caronte-queued'], '1');
    await workbench().notifications.dismissAll();
  });

  it('is there again when the window is reloaded', async () => {
    const before = await live();
    await workbench().reload();
    await workbench().sideBar.open('Caronte');
    assert.equal(await live(), before);
    assert.deepEqual(await workbench().notifications.all(), []);
  });
});

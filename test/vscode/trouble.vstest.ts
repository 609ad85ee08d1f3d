import assert from 'node:assert/strict';
import { type Agent, AGENT_DEFAULTS, createAgent } from '../../src/agent/index.ts';
import { useWorkbench } from './mocha.ts';
import { callFromOutside, TestProxy, TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';
import { waitUntil } from './waiting.ts';

const STATUS = 'caronte.caronte.caronte.status';

describe('a tunnel in trouble', () => {
  let proxy: TestProxy;
  let target: TestTarget;
  let other: Agent | undefined;
  const workbench = useWorkbench(async () => {
    proxy = await TestProxy.start();
    target = await TestTarget.start();
    return {
      vsix: [VSIX],
      settings: {
        'caronte.proxyUrl': proxy.url,
        'caronte.code': 'orders',
        'caronte.target.port': target.port,
      },
    };
  });

  after(async () => {
    await other?.destroy();
    target.close();
    await proxy.close();
  });

  it('asks for the secret alone where the settings say the rest', async () => {
    const { quickInput } = workbench();
    await workbench().sideBar.open('Caronte');
    await workbench().runCommand('Caronte: Start Tunnel');
    await quickInput.waitForTitle(/^Start Tunnel: Secret/);
    await quickInput.type('not-the-right-secret');
    await quickInput.accept();
  });

  it('shows a refused secret as an error that the user must mend, and asks once', async () => {
    const { statusBar, notifications } = workbench();
    const item = statusBar.item(STATUS);
    await waitUntil(
      async () => (await item.isVisible()) && (await item.read()).kind === 'error',
      () => 'an error in the status bar',
    );
    const notification = await notifications.find(/secret/i);
    assert.deepEqual((await notification.read()).buttons, ['Set Secret…']);
    assert.equal((await notifications.all()).length, 1);
    await workbench().screenshot('trouble-secret');
    const { tree } = workbench().view('caronte.tunnels');
    await waitUntil(
      async () => (await tree.rows())[0]?.icon === 'error',
      () => 'an error in the row',
    );
    await notification.click('Set Secret…');
    await workbench().quickInput.waitForTitle('Set Secret');
    await workbench().quickInput.type(TestProxy.SECRET);
    await workbench().quickInput.accept();
    await item.waitForText(`orders → :${target.port}`);
    assert.equal((await item.read()).kind, 'standard');
  });

  it('reconnects by itself after the proxy was gone, and says so without asking', async () => {
    const { statusBar, notifications } = workbench();
    const { port } = proxy;
    await proxy.close();
    const item = statusBar.item(STATUS);
    await item.waitForText('orders');
    assert.equal((await item.read()).kind, 'standard');
    await workbench().screenshot('trouble-reconnecting');
    proxy = await TestProxy.start(port);
    await item.waitForText(`orders → :${target.port}`, 30_000);
    assert.deepEqual(await notifications.all(), []);
  });

  it('restarts when a setting changes', async () => {
    const { statusBar } = workbench();
    const second = await TestTarget.start();
    second.answer = () => ({ status: 299 });
    await workbench().changeSettings({ 'caronte.target.port': second.port });
    await statusBar.item(STATUS).waitForText(`orders → :${second.port}`);
    const answer = await callFromOutside(`${proxy.url}/forward/orders/x`);
    assert.equal(answer.status, 299);
    await workbench().changeSettings({ 'caronte.target.port': target.port });
    await statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
    second.close();
  });

  it('shows a target that nobody listens on in its row and in the view', async () => {
    const closed = await TestTarget.start();
    const { port } = closed;
    closed.close();
    await workbench().changeSettings({
      'caronte.target.port': port,
      'caronte.maxAttempts': 1,
    });
    await workbench().statusBar.item(STATUS).waitForText(`orders → :${port}`);
    const answer = await callFromOutside(`${proxy.url}/forward/orders/unreachable`, { body: 'x' });
    assert.equal(answer.status, 502);
    const { tree } = workbench().view('caronte.requests');
    const row = await tree.row('POST /unreachable');
    const rows = await tree.waitForRows(([first]) => first?.icon === 'debug-disconnect');
    assert.match(rows[0]?.description ?? '', /^target unreachable · /);
    await row.click();
    const request = await workbench().view('caronte.request').webview();
    await request.getByText('connection refused').first().waitFor();
    await workbench().screenshot('trouble-unreachable');
    await workbench().changeSettings({
      'caronte.target.port': target.port,
      'caronte.maxAttempts': 5,
    });
    await workbench().statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
  });

  it('offers to take over a code that another agent has', async () => {
    const { statusBar, notifications } = workbench();
    await workbench().runCommand('Caronte: Stop Tunnel');
    await statusBar.item(STATUS).waitForText('Caronte');
    other = createAgent(
      {
        ...AGENT_DEFAULTS,
        proxyUrl: proxy.url,
        secret: TestProxy.SECRET,
        code: 'orders',
        target: `http://localhost:${target.port}`,
        sendReply: true,
        takeover: false,
        installation: 'f'.repeat(32),
        software: 'another/1.0',
      },
      {},
    );
    other.start();
    await waitUntil(
      async () => other?.state.kind === 'live',
      () => 'the other agent',
    );
    await workbench().runCommand('Caronte: Start Tunnel');
    const notification = await notifications.find(/code/);
    assert.deepEqual((await notification.read()).buttons, ['Take It Over', 'Choose Another Code…']);
    await workbench().screenshot('trouble-code-in-use');
    await notification.click('Take It Over');
    await statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
    await waitUntil(
      async () => other?.state.kind === 'stopped',
      () => 'the other agent to stop',
    );
  });
});

import assert from 'node:assert/strict';
import { useWorkbench } from './mocha.ts';
import { VSIX } from './paths.ts';
import { waitUntil } from './waiting.ts';

const STATUS = 'caronte.caronte.caronte.status';

describe('trying it without a proxy', () => {
  const workbench = useWorkbench({ vsix: [VSIX], folderName: 'shop' });

  it('shows the whole loop after one question', async () => {
    const { sideBar, quickInput } = workbench();
    await sideBar.open('Caronte');
    await workbench().view('caronte.tunnels').clickWelcomeLink('Try It Without a Proxy');
    await quickInput.waitForTitle('Start Tunnel: Port of Your Service');
    assert.equal((await quickInput.items())[0]?.label, 'Echo service');
    await quickInput.pick('Echo service');
    await workbench()
      .statusBar.item(STATUS)
      .waitForText(/^shop-[a-z]{4} → :\d+$/);

    const { tree } = workbench().view('caronte.requests');
    await (await tree.row('POST /webhooks/github')).click();
    const rows = await tree.waitForRows(([first]) => first?.icon === 'pass');
    assert.match(rows[0]?.description ?? '', /^200 · /);
    const request = await workbench().view('caronte.request').webview();
    await request.getByRole('tab', { name: 'Response' }).click();
    await request
      .getByRole('tabpanel', { name: 'Response' })
      .getByText('"A sample issue from Caronte"')
      .waitFor();
    await workbench().screenshot('try-locally');
    const tunnels = await workbench().view('caronte.tunnels').tree.rows();
    assert.ok(tunnels.some(({ label }) => label === 'Local proxy'));
  });

  it('writes nothing into the settings of the folder', async () => {
    await assert.rejects(
      import('node:fs/promises').then(({ readdir }) =>
        readdir(`${workbench().server.workspace}/.vscode`),
      ),
    );
  });

  it('sends a sample from the action menu', async () => {
    await workbench().statusBar.item(STATUS).click();
    await workbench().quickInput.waitForTitle(/^Caronte: shop-[a-z]{4} \(live\)$/);
    await workbench().quickInput.pick('Send Sample Request');
    await workbench()
      .view('caronte.requests')
      .tree.waitForRows(({ length }) => length === 2);
  });

  it('ends the tunnel with the local proxy', async () => {
    await workbench().runCommand('Caronte: Stop Local Proxy');
    const { links } = await workbench().view('caronte.tunnels').welcome();
    assert.equal(links[0], 'Start a Tunnel');
    await waitUntil(
      async () => (await workbench().statusBar.item(STATUS).read()).icons[0] === 'circle-slash',
      () => 'the tunnel to be off',
    );
  });

  it('clears the requests', async () => {
    await workbench().view('caronte.requests').clickAction('Clear Requests');
    const { text } = await workbench().view('caronte.requests').welcome();
    assert.match(text, /as they arrive/);
    const request = await workbench().view('caronte.request').webview();
    await request.getByText('Select a request').waitFor();
  });
});

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useWorkbench } from './mocha.ts';
import { callFromOutside, GITHUB_ISSUE, TestProxy, TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';
import type { Theme } from './settings.ts';
import { waitUntil } from './waiting.ts';
import type { Workbench } from './workbench.ts';

const STATUS = 'caronte.caronte.caronte.status';

describe('a first use', () => {
  let proxy: TestProxy;
  let target: TestTarget;
  const workbench = useWorkbench({
    vsix: [VSIX],
    folderName: 'orders',
    files: { 'package.json': '{}' },
  });

  before(async () => {
    proxy = await TestProxy.start();
    target = await TestTarget.start();
    target.answer = ({ path }) =>
      path.startsWith('/missing')
        ? { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not found</h1>' }
        : { headers: { 'content-type': 'application/json' }, body: '{"queued":true,"id":42}' };
  });
  after(async () => {
    target.close();
    await proxy.close();
  });

  it('begins with views that say what to do next', async () => {
    const { sideBar, view, screenshot } = bound(workbench());
    await sideBar.open('Caronte');
    assert.deepEqual(await sideBar.viewTitles(), ['Tunnels', 'Requests', 'Request']);
    const { links } = await view('caronte.tunnels').welcome();
    assert.deepEqual(links, ['Start a Tunnel', 'Try It Without a Proxy', 'how to host a proxy']);
    const { text } = await view('caronte.requests').welcome();
    assert.match(text, /as they arrive/);
    await screenshot('first-use-welcome');
  });

  it('asks in four short steps for what the settings do not say', async () => {
    const { quickInput, runCommand, screenshot, server } = bound(workbench());
    await runCommand('Caronte: Start Tunnel');

    await quickInput.waitForTitle('Start Tunnel: Proxy (1/4)');
    await quickInput.type('ftp://example.com');
    await quickInput.accept();
    assert.match(await quickInput.validationMessage(), /https/);
    await quickInput.type(proxy.url);
    await quickInput.waitForValid();
    await quickInput.accept();

    await quickInput.waitForTitle('Start Tunnel: Secret (2/4)');
    assert.ok(await quickInput.isMasked());
    await quickInput.type(TestProxy.SECRET);
    await quickInput.accept();

    await quickInput.waitForTitle('Start Tunnel: Code (3/4)');
    assert.match(await quickInput.value(), /^orders-[a-z]{4}$/);
    await quickInput.clickButton(/^Back/);
    await quickInput.waitForTitle('Start Tunnel: Secret (2/4)');
    await quickInput.type(TestProxy.SECRET);
    await quickInput.accept();
    await quickInput.waitForTitle('Start Tunnel: Code (3/4)');
    await quickInput.type('orders');
    await quickInput.accept();

    await quickInput.waitForTitle('Start Tunnel: Port of Your Service (4/4)');
    assert.ok(await quickInput.hasItem('Echo service', 10_000), 'the ports are listed');
    await quickInput.type(String(target.port));
    const [item] = await quickInput.items();
    assert.equal(item?.label, String(target.port));
    assert.match(item.description, /^node |listens/);
    await screenshot('first-use-port');
    await quickInput.pick(String(target.port));

    await workbench().statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
    const written = await readFile(join(server.workspace, '.vscode', 'settings.json'), 'utf8');
    assert.deepEqual(JSON.parse(written), {
      'caronte.proxyUrl': proxy.url,
      'caronte.code': 'orders',
      'caronte.target.port': target.port,
    });
    assert.ok(!written.includes(TestProxy.SECRET));
    assert.deepEqual(await filesWith(server.userData, TestProxy.SECRET), []);
  });

  it('copies the public URL', async () => {
    const { runCommand, clipboard, page } = bound(workbench());
    await page.mouse.move(640, 400);
    await runCommand('Caronte: Copy Public URL');
    assert.match(await clipboard.waitFor(/forward/), new RegExp(`^${proxy.url}/forward/orders/?$`));
  });

  it('shows a webhook that an outside process sends, and what was answered', async () => {
    const { view } = bound(workbench());
    const url = `${proxy.url}/forward/orders`;
    const answer = await callFromOutside(`${url}/webhooks/github?source=test`, GITHUB_ISSUE);
    assert.deepEqual(answer, { status: 200, body: '{"queued":true,"id":42}' });
    assert.equal(target.received[0]?.body.toString(), GITHUB_ISSUE.body);
    assert.equal(target.received[0].path, '/webhooks/github?source=test');

    const { tree } = view('caronte.requests');
    await (await tree.row('POST /webhooks/github')).click();
    const [row] = await tree.waitForRows(([first]) => first?.icon === 'pass');
    assert.match(row?.description ?? '', /^200 · \d+ ms · now$/);

    const request = await view('caronte.request').webview();
    // Which tab was chosen last is stored some seconds later; the reload may have come before.
    await request.getByRole('tab', { name: 'Request' }).click();
    await request.getByText('"The ferry leaves without its passengers"').waitFor();
    await request.getByText('200 OK').waitFor();
    await request.getByRole('tab', { name: 'Response' }).click();
    await request.getByRole('tabpanel', { name: 'Response' }).getByText('"queued"').waitFor();
    await request.getByRole('tab', { name: 'Details' }).click();
    await request.getByRole('group', { name: /ms in all: Proxy to this machine/ }).waitFor();
    await request.getByRole('tab', { name: 'Request' }).click();
  });

  it('shows the newest first, each with what became of it', async () => {
    const { view } = bound(workbench());
    const url = `${proxy.url}/forward/orders`;
    assert.equal((await callFromOutside(`${url}/missing`, { method: 'GET' })).status, 404);
    const { tree } = view('caronte.requests');
    const rows = await tree.waitForRows(({ length }) => length === 2);
    assert.deepEqual(
      rows.map(({ label, icon }) => [label, icon]),
      [
        ['GET /missing', 'warning'],
        ['POST /webhooks/github', 'pass'],
      ],
    );
    const tunnels = await view('caronte.tunnels').tree.rows();
    assert.deepEqual(
      tunnels.map(({ label }) => label),
      ['orders', 'Public URL', 'Target', 'Proxy', 'Today'],
    );
  });

  it('opens a body as a read-only document in its language', async () => {
    const { editor, view, runCommand } = bound(workbench());
    const row = await view('caronte.requests').tree.row('POST /webhooks/github');
    await row.clickInlineAction('Open Request Body in Editor');
    // The tab shows the extension apart from the name.
    await editor.waitForTitle(/^POST github \(request\)/);
    assert.equal(await editor.language(), 'JSON');
    const text = await editor.text();
    assert.deepEqual(JSON.parse(text), JSON.parse(GITHUB_ISSUE.body));
    assert.match(text, /\n {2}"issue": \{/);
    await runCommand('View: Close All Editors');
  });

  for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight'] satisfies Theme[]) {
    it(`looks as it should in ${theme}`, async () => {
      const { view, screenshot, changeTheme, page, statusBar } = bound(workbench());
      await changeTheme(theme);
      await (await view('caronte.requests').tree.row('POST /webhooks/github')).click();
      const request = await view('caronte.request').webview();
      for (const tab of ['Response', 'Details', 'Request']) {
        await request.getByRole('tab', { name: tab }).click();
        await screenshot(`first-use-${theme}-${tab}`);
      }
      assert.match(await statusBar.item(STATUS).tooltip(), /Today: 2 requests · median/);
      await screenshot(`first-use-${theme}-tooltip`);
      await page.mouse.move(640, 400);
    });
  }

  it('has everything there at 250 px', async () => {
    const { sideBar, view, screenshot, changeTheme } = bound(workbench());
    await changeTheme('dark');
    await sideBar.setWidth(250);
    const request = await view('caronte.request').webview();
    const overflow = await request.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await screenshot('first-use-250px');
    await sideBar.setWidth(300);
  });

  it('keeps history and tunnel when the window is reloaded', async () => {
    const { reload, statusBar, view, sideBar } = bound(workbench());
    await reload();
    await sideBar.open('Caronte');
    const { tree } = view('caronte.requests');
    await (await tree.row('POST /webhooks/github')).click();
    const request = await view('caronte.request').webview();
    // Which tab was chosen last is stored some seconds later; the reload may have come before.
    await request.getByRole('tab', { name: 'Request' }).click();
    await request.getByText('"The ferry leaves without its passengers"').waitFor();
    await statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
    const answer = await callFromOutside(`${proxy.url}/forward/orders/again`, { body: 'x' });
    assert.equal(answer.status, 200);
    await tree.row('POST /again');
  });

  it('stops, and says so', async () => {
    const { runCommand, statusBar, notifications, view } = bound(workbench());
    await runCommand('Caronte: Stop Tunnel');
    await statusBar.item(STATUS).waitForText('Caronte');
    assert.deepEqual(await notifications.all(), []);
    await view('caronte.tunnels').welcome();
    await waitUntil(
      async () => (await callFromOutside(`${proxy.url}/forward/orders/late`)).status === 503,
      () => 'the proxy to say that no agent is there',
    );
  });

  it('starts by itself where the settings of a trusted folder say so', async () => {
    const { changeSettings, reload, statusBar } = bound(workbench());
    await changeSettings({ 'caronte.autoStart': true });
    await reload();
    await statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
  });
});

/** The files of a folder that have a text in them. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}

/** The workbench’s helpers, so that they can be taken out of it. */
function bound(workbench: Workbench): Workbench {
  return new Proxy(workbench, {
    get: (object, name: keyof Workbench) => {
      const value: unknown = object[name];
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useWorkbench } from './mocha.ts';
import { callFromOutside, GITHUB_ISSUE, TestProxy, TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';
import type { Settings } from './settings.ts';
import type { TreeRow, TreeView } from './tree-view.ts';
import { waitUntil } from './waiting.ts';

const STATUS = 'caronte.caronte.caronte.status';
const MINUTES = 60_000;

/** Signed with a time, which its sender's libraries accept for five minutes. */
const STRIPE = {
  headers: {
    'content-type': 'application/json',
    'stripe-signature': 't=1790000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8',
  },
  body: JSON.stringify({ id: 'evt_1', type: 'checkout.session.completed', data: { amount: 4200 } }),
};

describe('a queue', () => {
  let folder: string;
  let proxy: TestProxy;
  let target: TestTarget;
  const workbench = useWorkbench(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-queue-'));
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
        'caronte.queue.review': true,
      },
    };
  });

  after(async () => {
    target.close();
    await proxy.close();
    await rm(folder, { recursive: true });
  });

  const tunnels = (): TreeView => workbench().view('caronte.tunnels').tree;
  const requests = (): TreeView => workbench().view('caronte.requests').tree;

  async function start(): Promise<void> {
    await workbench().runCommand('Caronte: Start Tunnel');
    await live();
  }

  async function live(): Promise<void> {
    await workbench().statusBar.item(STATUS).waitForText(`orders → :${target.port}`);
  }

  async function stop(): Promise<void> {
    await workbench().runCommand('Caronte: Stop Tunnel');
    await workbench().statusBar.item(STATUS).waitForText('Caronte');
  }

  /** Changes settings of the tunnel, which is up, and waits until it is again. */
  async function change(settings: Settings): Promise<void> {
    const { server } = workbench();
    const restarts = async (): Promise<number> =>
      (await server.logs()).split('Settings have changed').length;
    const before = await restarts();
    await workbench().changeSettings(settings);
    await waitUntil(
      async () => (await restarts()) > before,
      () => 'the tunnel to restart',
    );
    await live();
  }

  /** Another proxy in the place, and with the folder, of the one before. */
  async function restartProxy(behindMs?: number): Promise<void> {
    const { port } = proxy;
    await proxy.close();
    const clock = behindMs === undefined ? {} : { behindMs };
    proxy = await TestProxy.start(port, { dataDir: folder, ...clock });
  }

  async function send(path: string, options = GITHUB_ISSUE as object): Promise<number> {
    return (await callFromOutside(`${proxy.url}/forward/orders${path}`, options)).status;
  }

  async function group(label: RegExp): Promise<TreeRow> {
    const row = await tunnels().row(label);
    await row.expand();
    return row;
  }

  async function noGroups(): Promise<void> {
    await tunnels().waitForRows(
      (rows) => !rows.some(({ label }) => /waiting|given up/.test(label)),
    );
  }

  it('keeps webhooks while the tunnel is off, and the proxy is restarted', async () => {
    const { quickInput, sideBar } = workbench();
    await sideBar.open('Caronte');
    await workbench().runCommand('Caronte: Start Tunnel');
    await quickInput.waitForTitle(/^Start Tunnel: Secret/);
    await quickInput.type(TestProxy.SECRET);
    await quickInput.accept();
    await live();
    await noGroups();
    await stop();

    await restartProxy(12 * MINUTES);
    for (const number of [1, 2])
      assert.equal(await send(`/webhooks/stripe/${number}`, STRIPE), 202);
    await restartProxy();
    for (let number = 3; number <= 12; number += 1) {
      assert.equal(await send(`/webhooks/github/${number}`), 202);
    }
    assert.deepEqual(target.received, []);
  });

  it('tells once what has arrived, and has it wait for review where that is set', async () => {
    const { notifications } = workbench();
    await start();
    const notification = await notifications.find(/webhooks/);
    assert.deepEqual(await notification.read(), {
      kind: 'info',
      message: '12 webhooks arrived while you were away.',
      buttons: ['Deliver', 'Review', 'Discard…'],
    });
    assert.equal((await notifications.all()).length, 1);
    await tunnels().waitForRows((rows) => rows.some(({ label }) => label === '12 waiting'));
    await workbench().screenshot('queue-notification');
    assert.match(await workbench().statusBar.item(STATUS).tooltip(), /12 waiting · paused · since/);
    assert.equal(await workbench().sideBar.badge('Caronte'), '12');
    await notification.click('Review');
    const rows = await tunnels().waitForRows((all) =>
      all.some(({ label }) => label === 'POST /webhooks/stripe/2'),
    );
    const waiting = rows.find(({ label }) => label === '12 waiting');
    assert.match(waiting?.description ?? '', /^paused · since /);
    assert.ok(waiting?.expanded);
    assert.deepEqual(await notifications.all(), []);
    assert.deepEqual(target.received, []);
  });

  it('warns of a signature that is too old', async () => {
    const rows = await tunnels().waitForRows((all) =>
      all.some(({ label, icon }) => label === 'POST /webhooks/stripe/1' && icon === 'warning'),
    );
    const row = rows.find(({ label }) => label === 'POST /webhooks/stripe/1');
    assert.match(row?.description ?? '', /^12 min ago · signature too old · \d+ B$/);
    const tooltip = await (await tunnels().row('POST /webhooks/stripe/1')).tooltip();
    assert.match(tooltip, /Signature is 12 min old; Stripe accepts 5 min\./);
    const fresh = await tunnels().scrollTo('POST /webhooks/github/3');
    assert.doesNotMatch(await fresh.tooltip(), /Signature/);
    await tunnels().scrollTo(/waiting/);
  });

  for (const theme of ['dark', 'light'] as const) {
    it(`looks as it should in ${theme} at 280 px`, async () => {
      const { sideBar, changeTheme, screenshot, page } = workbench();
      await changeTheme.call(workbench(), theme);
      await sideBar.setWidth(280);
      await screenshot.call(workbench(), `queue-list-${theme}`);
      await (await tunnels().row('POST /webhooks/stripe/1')).locator.hover();
      await screenshot.call(workbench(), `queue-row-${theme}`);
      const menu = await (await tunnels().row('POST /webhooks/stripe/1')).openContextMenu();
      assert.deepEqual(await menu.labels(), [
        'Deliver Now',
        'Show',
        'Open Body in Editor',
        'Discard',
      ]);
      await menu.close();
      const groupMenu = await (await tunnels().row('12 waiting')).openContextMenu();
      assert.deepEqual(await groupMenu.labels(), [
        'Deliver All',
        'Resume Deliveries',
        'Discard All',
      ]);
      await screenshot.call(workbench(), `queue-menu-${theme}`);
      await groupMenu.close();
      await page.mouse.move(640, 400);
    });
  }

  it('tells nothing again when the window is reloaded, and goes on waiting', async () => {
    await workbench().reload();
    await workbench().sideBar.open('Caronte');
    await live();
    await workbench().sideBar.setWidth(280);
    await tunnels().waitForRows((rows) => rows.some(({ label }) => label === '12 waiting'));
    assert.deepEqual(await workbench().notifications.all(), []);
    assert.deepEqual(target.received, []);
  });

  it('shows a request as a document, and its body', async () => {
    const { editor } = workbench();
    await group(/^12 waiting$/);
    await (await tunnels().row('POST /webhooks/stripe/1')).click();
    await editor.waitForTitle(/^POST 1 \(queued\)/);
    assert.equal(await editor.language(), 'JSON');
    const shown = JSON.parse(await editor.text()) as Record<string, unknown>;
    assert.equal(shown['warning'], 'Signature is 12 min old; Stripe accepts 5 min');
    assert.deepEqual(shown['body'], JSON.parse(STRIPE.body));
    await workbench().screenshot('queue-document');
    const menu = await (await tunnels().row('POST /webhooks/stripe/1')).openContextMenu();
    await menu.choose('Open Body in Editor');
    await editor.waitForTitle(/^POST 1 \(queued body\)/);
    assert.deepEqual(JSON.parse(await editor.text()), JSON.parse(STRIPE.body));
    await workbench().runCommand('View: Close All Editors');
  });

  it('delivers all in the order in which they came', async () => {
    await (await tunnels().row('12 waiting')).clickInlineAction('Resume Deliveries');
    await waitUntil(
      () => target.received.length === 12,
      () => `12 requests at the target; there are ${target.received.length}`,
    );
    const paths = target.received.map(({ path }) => path);
    assert.deepEqual(paths, [
      ...[1, 2].map((number) => `/webhooks/stripe/${number}`),
      ...Array.from({ length: 10 }, (_, at) => `/webhooks/github/${at + 3}`),
    ]);
    await noGroups();
    assert.equal(await workbench().sideBar.badge('Caronte'), '');
  });

  it('marks what was queued in the list of requests and in the request view', async () => {
    const rows = await requests().waitForRows((all) =>
      all.some(({ label }) => label === 'POST /webhooks/github/12'),
    );
    assert.match(rows[0]?.description ?? '', /^200 · queued · /);
    const row = await requests().scrollTo('POST /webhooks/stripe/1');
    await row.click();
    const request = await workbench().view('caronte.request').webview();
    await request.getByText('Queued for 12 min').waitFor();
    await request.getByText('Signature was 12 min old; Stripe accepts 5 min.').waitFor();
    await request.getByRole('tab', { name: 'Details' }).click();
    await request.getByText('1st delivery').scrollIntoViewIfNeeded();
    for (const theme of ['dark', 'light'] as const) {
      await workbench().changeTheme(theme);
      await workbench().screenshot(`queue-request-${theme}`);
    }
    await request.getByRole('tab', { name: 'Request' }).click();
  });

  it('has what the target refuses given up, and delivers it by hand', async () => {
    const { notifications } = workbench();
    await change({ 'caronte.queue.review': false, 'caronte.queue.onRefused': 'dead' });
    target.answer = () => ({ status: 400 });
    await stop();
    assert.equal(await send('/webhooks/broken'), 202);
    await start();
    const notification = await notifications.find(/webhook/);
    assert.deepEqual(await notification.read(), {
      kind: 'info',
      message: '1 webhook arrived while you were away, and is being delivered.',
      buttons: ['Review', 'Show Requests'],
    });
    await notification.click('Show Requests');
    await group(/^1 given up$/);
    const rows = await tunnels().waitForRows((all) =>
      all.some(({ label }) => label === 'POST /webhooks/broken'),
    );
    const dead = rows.find(({ label }) => label === 'POST /webhooks/broken');
    assert.match(dead?.description ?? '', /1 delivery · .*400/);
    assert.equal(dead?.icon, 'error');
    for (const theme of ['light', 'dark'] as const) {
      await workbench().changeTheme(theme);
      await workbench().screenshot(`queue-dead-${theme}`);
    }
    target.answer = () => ({ status: 204 });
    await (await tunnels().row('POST /webhooks/broken')).clickInlineAction('Deliver Now');
    await noGroups();
    assert.deepEqual(
      target.received.slice(-2).map(({ headers }) => headers['caronte-attempt']),
      ['1', '2'],
    );
    await requests().scrollTo('POST /webhooks/broken');
    const [delivered] = await requests().waitForRows(([first]) =>
      (first?.description ?? '').startsWith('204'),
    );
    assert.match(delivered?.description ?? '', /^204 · queued · 2nd delivery · /);
  });

  it('stops what is being delivered already, for a person to review the rest', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    target.answer = () => answered.then(() => ({ status: 200 }));
    const before = target.received.length;
    await stop();
    for (const path of ['/webhooks/x', '/webhooks/y', '/webhooks/z']) await send(path);
    await start();
    await (await workbench().notifications.find('3 webhooks arrived')).click('Review');
    await tunnels().waitForRows((rows) =>
      rows.some(
        ({ label, description }) => label === '3 waiting' && description.startsWith('paused'),
      ),
    );
    await tunnels().row('POST /webhooks/z');
    answer();
    await tunnels().waitForRows((rows) => rows.some(({ label }) => label === '2 waiting'));
    assert.equal(target.received.length, before + 1);
    await (await tunnels().row('2 waiting')).clickInlineAction('Resume Deliveries');
    await noGroups();
    assert.equal(target.received.length, before + 3);
  });

  it('discards only what was confirmed', async () => {
    const { dialog } = workbench();
    target.answer = () => ({ status: 400 });
    const before = target.received.length;
    await stop();
    for (const path of ['/webhooks/a', '/webhooks/b', '/webhooks/c']) await send(path);
    await start();
    await workbench().notifications.dismissAll();
    await group(/^3 given up$/);
    target.answer = () => ({ status: 200 });
    await (await tunnels().row('POST /webhooks/b')).clickInlineAction('Discard');
    const asked = await dialog.read();
    assert.equal(asked.message, 'Discard this request?');
    await dialog.click('Cancel');
    await (await tunnels().row('POST /webhooks/b')).clickInlineAction('Discard');
    await dialog.click('Discard');
    const menu = await (await tunnels().row('2 given up')).openContextMenu();
    await menu.choose('Discard All');
    assert.match((await dialog.read()).message, /given up \(2\)/);
    await dialog.click('Discard');
    await noGroups();
    assert.equal(target.received.length, before + 3);
  });

  it('stays paused, where a person paused it, until that person has it go on', async () => {
    const { statusBar } = workbench();
    await workbench().runCommand('Caronte: Pause Deliveries');
    await stop();
    assert.equal(await send('/webhooks/later'), 202);
    await start();
    await (await workbench().notifications.find('1 webhook arrived')).click('Review');
    const rows = await tunnels().waitForRows((all) =>
      all.some(({ label }) => label === 'POST /webhooks/later'),
    );
    assert.match(rows.find(({ label }) => label === '1 waiting')?.description ?? '', /^paused/);
    const before = target.received.length;
    await (await tunnels().row('Today')).click();
    await statusBar.item(STATUS).click();
    await workbench().quickInput.pick('Show Waiting Requests');
    // What takes the focus would close the palette.
    await tunnels().waitForRows((all) =>
      all.some(({ label, selected }) => label === '1 waiting' && selected),
    );
    await workbench().runCommand('Caronte: Resume Deliveries');
    await noGroups();
    assert.equal(target.received.length, before + 1);
  });

  it('says what could not be kept, and how to have it kept', async () => {
    const { notifications, editor } = workbench();
    await change({ 'caronte.whenOffline': 'refuse' });
    await stop();
    // Each is held for some seconds, in case that an agent comes.
    const refused = ['/webhooks/a', '/webhooks/b', '/webhooks/c'].map((path) => send(path));
    assert.deepEqual(await Promise.all(refused), [503, 503, 503]);
    await start();
    const notification = await notifications.find(/webhooks/);
    assert.deepEqual(await notification.read(), {
      kind: 'warning',
      message:
        '3 webhooks came while you were away, and could not be kept. With caronte.whenOffline set to “queue” the proxy keeps them.',
      buttons: ['Keep Them from Now On…'],
    });
    await workbench().screenshot('queue-missed');
    await notification.click('Keep Them from Now On…');
    await editor.waitForTitle(/^Settings/);
    await workbench().page.locator('.settings-editor').getByText('When Offline').waitFor();
    await workbench().screenshot('queue-setting');
    await workbench().runCommand('View: Close All Editors');
  });
});

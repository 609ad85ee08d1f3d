import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Frame } from 'playwright-core';
import { useWorkbench } from './mocha.ts';
import { callFromOutside, TestProxy, TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';
import { waitUntil } from './waiting.ts';

const STATUS = 'caronte.caronte.caronte.status';

/** A red square of 8 by 8. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
  'base64',
);

/** Would run if any of it were ever read as markup. */
const SCRIPT = '<img src=x onerror="parent.pwned=1"><script>globalThis.pwned=1</script>';

describe('the Request view', () => {
  let proxy: TestProxy;
  let target: TestTarget;
  const workbench = useWorkbench(async () => {
    proxy = await TestProxy.start();
    target = await TestTarget.start();
    target.answer = ({ headers, body }) => ({
      headers: { 'content-type': headers['content-type'] ?? '' },
      body,
    });
    return {
      vsix: [VSIX],
      // The view gets the room that it has with a large window.
      window: { width: 1280, height: 1100 },
      settings: {
        'caronte.proxyUrl': proxy.url,
        'caronte.code': 'view',
        'caronte.target.port': target.port,
      },
    };
  });

  before(async () => {
    await workbench().sideBar.open('Caronte');
    await workbench().runCommand('Caronte: Start Tunnel');
    await workbench().quickInput.waitForTitle(/Secret/);
    await workbench().quickInput.type(TestProxy.SECRET);
    await workbench().quickInput.accept();
    await workbench().statusBar.item(STATUS).waitForText(`view → :${target.port}`);
  });

  after(async () => {
    target.close();
    await proxy.close();
  });

  /** Sends a body from outside, selects its row, and returns the view once it shows it. */
  async function show(
    path: string,
    contentType: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Frame> {
    const sent = { headers: { 'content-type': contentType, ...headers }, body };
    await callFromOutside(`${proxy.url}/forward/view${path}`, sent);
    const { tree } = workbench().view('caronte.requests');
    const label = `POST ${path.split('?', 1)[0]}`;
    await (await tree.row(label)).click();
    const frame = await workbench().view('caronte.request').webview();
    await frame
      .locator('h1')
      .getByText(path.split('?', 1)[0] ?? path)
      .waitFor();
    await frame.locator('#panel-request .body-label').waitFor();
    return frame;
  }

  it('decodes the fields of a form', async () => {
    const frame = await show(
      '/form',
      'application/x-www-form-urlencoded',
      'name=Caronte+Ferry&mail=a%40b.c&empty=&name=twice',
    );
    const fields = frame.locator('#panel-request .body .fields');
    assert.deepEqual(await fields.locator('dt').allTextContents(), [
      'name',
      'mail',
      'empty',
      'name',
    ]);
    assert.equal(await fields.locator('dd').first().textContent(), 'Caronte Ferry');
    await frame.locator('#panel-request').getByRole('button', { name: 'Raw' }).click();
    await frame.locator('#panel-request pre').getByText('mail=a%40b.c').waitFor();
    await workbench().screenshot('view-form');
  });

  it('lists the parts of a multipart body', async () => {
    const body = Buffer.concat([
      Buffer.from(
        '--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
      ),
      PNG,
      Buffer.from('\r\n--x--\r\n'),
    ]);
    const frame = await show('/multipart', 'multipart/form-data; boundary=x', body);
    const parts = await frame.locator('#panel-request .parts li').allTextContents();
    assert.equal(parts.length, 2);
    assert.match(parts[1] ?? '', /photo.*a\.png · image\/png · \d+ B/);
    await workbench().screenshot('view-multipart');
  });

  it('shows an image, and opens it in the editor', async () => {
    const frame = await show('/image', 'image/png', PNG);
    const image = frame.locator('#panel-request img');
    await image.waitFor();
    const loaded = async (): Promise<boolean> =>
      image.evaluate((element) => (element as HTMLImageElement).naturalWidth === 8);
    await waitUntil(loaded, () => 'the image to be drawn');
    await workbench().screenshot('view-image');
    await frame.getByRole('button', { name: 'Open request body in editor' }).click();
    await workbench().editor.waitForTitle(/^POST image \(request\)/);
    await workbench().runCommand('View: Close All Editors');
  });

  it('shows other bytes as hex', async () => {
    const frame = await show('/bytes', 'application/octet-stream', Uint8Array.of(0, 1, 254, 255));
    await frame.locator('#panel-request pre').getByText('0000  00 01 fe ff').waitFor();
  });

  it('undoes Content-Encoding', async () => {
    const frame = await show('/gzip', 'application/json', gzipSync('{"inside":true}'), {
      'content-encoding': 'gzip',
    });
    await frame.locator('#panel-request').getByText('"inside"').waitFor();
    await frame
      .locator('#panel-request')
      .getByText(/JSON · \d+ B \(gzip\)/)
      .waitFor();
  });

  it('folds JSON, keeps long numbers, and shows long lists page by page', async () => {
    const json = `{"big":12345678901234567890,"deep":{"a":{"b":{"c":{"d":1}}}},"list":[${'7,'.repeat(249)}8]}`;
    const frame = await show('/json', 'application/json', json);
    const panel = frame.locator('#panel-request');
    await panel.getByText('12345678901234567890').waitFor();
    await panel.locator('summary').filter({ hasText: '"list"' }).click();
    await panel.getByRole('button', { name: 'Show 100 more of 150' }).click();
    await panel.getByRole('button', { name: 'Show 50 more of 50' }).waitFor();
    const deep = panel.locator('summary').filter({ hasText: '"deep"' });
    await deep.click();
    await deep.getByText('1 key').waitFor();
    await workbench().screenshot('view-json');
  });

  it('shows the beginning of a large body, and the editor all of it', async () => {
    const line = `${'0123456789'.repeat(10)}\n`;
    const frame = await show('/large', 'text/plain', line.repeat(10_000));
    const panel = frame.locator('#panel-request');
    await panel.getByText('Shown: the first 256.0 KB.').waitFor();
    await panel.getByRole('button', { name: 'Open in Editor', exact: true }).click();
    await workbench().editor.waitForTitle(/^POST large \(request\)/);
    await workbench().editor.focus();
    await workbench().press('Control+End');
    await workbench().page.getByText('Ln 10001').waitFor();
    await workbench().runCommand('View: Close All Editors');
  });

  it('copies a body', async () => {
    const frame = await show('/copy', 'text/plain', 'copy me');
    await frame.getByRole('button', { name: 'Copy request body' }).click();
    await workbench().clipboard.waitFor('copy me');
  });

  it('runs nothing of a request, whatever it is and wherever it stands', async () => {
    const asked: string[] = [];
    workbench().page.on('request', (request) => asked.push(request.url()));
    const hostile: [string, string][] = [
      ['/html', 'text/html'],
      ['/svg', 'image/svg+xml'],
      ['/fake-png', 'image/png'],
      ['/json-script', 'application/json'],
    ];
    for (const [path, type] of hostile) {
      const body =
        type === 'application/json'
          ? JSON.stringify({ [SCRIPT]: SCRIPT })
          : `<svg xmlns="http://www.w3.org/2000/svg" onload="pwned=1">${SCRIPT}</svg>`;
      const frame = await show(path, type, body, { 'x-script': SCRIPT, 'x-escape': '\u00e9' });
      await frame.locator('#panel-request .body').getByText('onerror').first().waitFor();
      await frame.locator('#panel-request summary').first().click();
      assert.equal(await frame.locator('main script, main img, main iframe').count(), 0, path);
      assert.equal(await frame.evaluate(() => 'pwned' in globalThis), false, path);
      await frame.locator('#panel-request summary').first().click();
    }
    await workbench().screenshot('view-hostile');
    assert.deepEqual(
      asked.filter((url) => /\/x$|\/x\?/.test(url)),
      [],
    );
  });

  it('works by keyboard', async () => {
    const frame = await show('/keys', 'application/json', '{"a":{"b":1}}');
    await frame.getByRole('tab', { name: 'Request' }).focus();
    await workbench().press('ArrowRight');
    const selected = frame.getByRole('tab', { selected: true });
    assert.equal(await selected.textContent(), 'Response');
    await workbench().press('End');
    assert.equal(await selected.textContent(), 'Details');
    await workbench().press('Home', 'Tab', 'Enter');
    assert.ok(
      (await frame.locator('#panel-request details').first().getAttribute('open')) !== null,
    );
    await workbench().press('Enter');
  });
});

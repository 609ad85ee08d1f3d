import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { launchBrowser } from '../../browser.ts';
import { KIB } from '../support/load.ts';
import { startTarget } from '../support/real-target.ts';
import { useRig } from '../support/rig.ts';

const TARGET = fileURLToPath(new URL('../support/esbuild-target.ts', import.meta.url));
const DOMAIN = 'caronte.test';

const PAGE = `<!doctype html>
<title>A page of esbuild's</title>
<p id="text"></p>
<script src="/main.js"></script>
`;

/** The page is loaded anew when esbuild says over server-sent events that a file has changed. */
function sourceOf(text: string): string {
  return `document.querySelector('#text').textContent = ${JSON.stringify(text)};
const changes = new EventSource('/esbuild');
changes.onopen = () => console.log('listening');
changes.addEventListener('change', () => location.reload());
`;
}

describe('esbuild’s development server behind a tunnel', () => {
  const rig = useRig();

  it('has a page in Chromium loaded anew after each change, by host name', async function () {
    this.timeout(60_000);
    const folder = rig().folder();
    const edit = (text: string): Promise<void> =>
      writeFile(join(folder, 'source.js'), sourceOf(text));
    await writeFile(join(folder, 'index.html'), PAGE);
    await edit('first text');
    const targetPort = await startTarget(rig(), TARGET, [folder]);
    const { port } = await rig().tunnel({ targetPort, proxyFlags: ['--domain', DOMAIN] });
    const browser = await launchBrowser([`--host-resolver-rules=MAP *.${DOMAIN} 127.0.0.1`]);
    try {
      const page = await browser.newPage();
      const listening = (): Promise<unknown> =>
        page.waitForEvent('console', (message) => message.text() === 'listening');
      let ready = listening();
      await page.goto(`http://orders.${DOMAIN}:${port}/`);
      await page.getByText('first text').waitFor();
      for (const text of ['second text', 'dritter Text: größer']) {
        await ready;
        ready = listening();
        await edit(text);
        await page.getByText(text).waitFor();
      }
      await ready;
    } finally {
      await browser.close();
    }
  });

  it('serves files whole and in ranges', async () => {
    const folder = rig().folder();
    const bytes = randomBytes(300 * KIB);
    await writeFile(join(folder, 'source.js'), sourceOf('text'));
    await writeFile(join(folder, 'data.bin'), bytes);
    const targetPort = await startTarget(rig(), TARGET, [folder]);
    const { port, base } = await rig().tunnel({ targetPort });
    const url = `http://127.0.0.1:${port}${base}/data.bin`;
    const whole = await request(url);
    assert.ok(Buffer.from(await whole.body.arrayBuffer()).equals(bytes));
    const part = await request(url, { headers: { Range: 'bytes=100000-199999' } });
    assert.equal(part.statusCode, 206);
    assert.ok(Buffer.from(await part.body.arrayBuffer()).equals(bytes.subarray(100_000, 200_000)));
    const head = await request(url, { method: 'HEAD' });
    assert.equal(head.headers['content-length'], String(bytes.length));
    await head.body.dump();
  });
});

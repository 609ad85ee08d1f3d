import assert from 'node:assert/strict';
import { launchBrowser } from '../../browser.ts';
import { useRig } from '../support/rig.ts';
import { ViteProject } from '../support/vite-project.ts';

const DOMAIN = 'caronte.test';

describe('Vite’s development server behind a tunnel', () => {
  const rig = useRig();

  it('changes a page in Chromium without loading it anew, by host name', async function () {
    this.timeout(60_000);
    const project = await ViteProject.start(rig(), 'first text');
    const { port } = await rig().tunnel({
      targetPort: project.port,
      code: 'vite',
      proxyFlags: ['--domain', DOMAIN],
    });
    const browser = await launchBrowser([`--host-resolver-rules=MAP *.${DOMAIN} 127.0.0.1`]);
    try {
      const page = await browser.newPage();
      const failures: string[] = [];
      page.on('pageerror', (error) => failures.push(error.message));
      // Vite's client says so once its WebSocket is open.
      const connected = page.waitForEvent('console', (message) =>
        message.text().includes('[vite] connected'),
      );
      await page.goto(`http://vite.${DOMAIN}:${port}/`);
      await page.getByText('first text').waitFor();
      await connected;
      // A page that is loaded anew has lost it.
      await page.evaluate("window.kept = 'since the first load'");
      for (const text of ['second text', 'dritter Text: größer']) {
        await project.edit(text);
        await page.getByText(text).waitFor();
      }
      assert.equal(await page.evaluate('window.kept'), 'since the first load');
      assert.deepEqual(failures, []);
    } finally {
      await browser.close();
    }
  });
});

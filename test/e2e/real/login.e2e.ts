import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../browser.ts';
import { startTarget } from '../support/real-target.ts';
import { useRig } from '../support/rig.ts';

const TARGET = fileURLToPath(new URL('../support/login-target.ts', import.meta.url));
const DOMAIN = 'caronte.test';

/** Logs in, comes back, and logs out, as a person does. */
async function visit(browser: Browser, address: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(address);
  assert.equal(page.url(), `${address}login`);
  await page.getByRole('textbox').fill('Zoë & Co.');
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByText('Zoë & Co., 1, dark').waitFor();
  assert.equal(page.url(), address);
  await page.reload();
  await page.getByText('Zoë & Co., 2, dark').waitFor();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('button', { name: 'Enter' }).waitFor();
  await page.goto(address);
  assert.equal(page.url(), `${address}login`);
}

describe('an application with sessions, seen in Chromium', () => {
  const rig = useRig();

  it('works by host name as it is', async function () {
    this.timeout(60_000);
    const targetPort = await startTarget(rig(), TARGET);
    const { port } = await rig().tunnel({ targetPort, proxyFlags: ['--domain', DOMAIN] });
    const browser = await launchBrowser([`--host-resolver-rules=MAP *.${DOMAIN} 127.0.0.1`]);
    try {
      await visit(browser, `http://orders.${DOMAIN}:${port}/`);
    } finally {
      await browser.close();
    }
  });

  it('works by path if redirects and cookies are rewritten', async function () {
    this.timeout(60_000);
    const targetPort = await startTarget(rig(), TARGET);
    const tunnel = await rig().tunnel({ targetPort, agentFlags: ['--rewrite-paths'] });
    const browser = await launchBrowser();
    try {
      await visit(browser, `http://127.0.0.1:${tunnel.port}${tunnel.base}/`);
    } finally {
      await browser.close();
    }
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { commands } from 'vscode';
import type { TunnelInfo } from '../../../src/extension/api.ts';
import { COMMAND } from '../../../src/extension/ids.ts';
import { testParameters } from '../driver/parameters.ts';
import { caronteApi } from './api.ts';

const EXCHANGES = 3000;

const CALLERS = `
const [url, count] = process.argv.slice(1);
let sent = 0;
let good = 0;
const caller = async () => {
  while (sent < Number(count)) {
    const body = JSON.stringify({ number: sent++, text: 'x'.repeat(1000) });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url + '/load', { method: 'POST', headers, body });
    if ((await response.text()) === body) good++;
  }
};
await Promise.all(Array.from({ length: 8 }, caller));
console.log(good);
`;

describe('under load', () => {
  after(async () => {
    await commands.executeCommand(COMMAND.stopTunnel);
    await commands.executeCommand(COMMAND.stopLocalProxy);
  });

  it('leaves the extension host responsive, with the views open', async () => {
    const { port } = testParameters() as { port: number };
    const proxyUrl = await commands.executeCommand<string>(COMMAND.startLocalProxy);
    const options = { proxyUrl, code: 'load', port };
    const { publicUrl } = await commands.executeCommand<TunnelInfo>(COMMAND.startTunnel, options);
    assert.ok(publicUrl !== undefined);
    await commands.executeCommand('caronte.requests.focus');

    const seen = new Set<string>();
    const listener = (await caronteApi()).onDidEndRequest(({ key }) => seen.add(key));
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const start = performance.now();
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', CALLERS, publicUrl.replace(/\/$/, ''), String(EXCHANGES)],
      { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const good = Number(await text(child.stdout));
    const seconds = (performance.now() - start) / 1000;
    delay.disable();
    assert.equal(good, EXCHANGES, 'every caller has the answer to its own request');
    // The last callers may know before the agent does that theirs have ended.
    while (seen.size < EXCHANGES) await new Promise(setImmediate);
    listener.dispose();
    const p99 = delay.percentile(99) / 1e6;
    const rate = Math.round(EXCHANGES / seconds);
    assert.ok(p99 < 100, `${p99} ms at ${rate} exchanges a second`);
  });
});

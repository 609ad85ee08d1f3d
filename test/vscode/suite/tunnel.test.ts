import assert from 'node:assert/strict';
import { commands, env, type TextDocument, type Uri, window, workspace } from 'vscode';
import type { RequestInfo, TunnelInfo } from '../../../src/extension/api.ts';
import { COMMAND } from '../../../src/extension/ids.ts';
import { testParameters } from '../driver/parameters.ts';
import { caronteApi } from './api.ts';

describe('a tunnel through the local proxy', () => {
  const { port } = testParameters() as { port: number };
  let proxyUrl: string;
  let info: TunnelInfo;

  before(async () => {
    proxyUrl = await commands.executeCommand<string>(COMMAND.startLocalProxy);
    info = await commands.executeCommand<TunnelInfo>(COMMAND.startTunnel, {
      proxyUrl,
      code: 'in-host',
      port,
    });
  });
  after(async () => {
    await commands.executeCommand(COMMAND.stopTunnel);
    await commands.executeCommand(COMMAND.stopLocalProxy);
  });

  it('is live after a command that says all, and asks nothing', async () => {
    assert.equal(info.state, 'live');
    assert.equal(info.code, 'in-host');
    assert.equal(info.target, `http://localhost:${port}`);
    assert.match(info.publicUrl ?? '', /\/forward\/in-host\/?$/);
    assert.deepEqual((await caronteApi()).tunnel, info);
  });

  it('writes nothing into the settings that a command said', () => {
    const { workspaceValue } = workspace.getConfiguration('caronte').inspect('code') ?? {};
    assert.equal(workspaceValue, undefined);
  });

  it('copies its public URL and returns it', async () => {
    const url = await commands.executeCommand<string>(COMMAND.copyPublicUrl);
    assert.equal(url, info.publicUrl);
    assert.equal(await env.clipboard.readText(), url);
  });

  it('carries a sample, whose body opens as a document in its language', async () => {
    const api = await caronteApi();
    const ended = new Promise<RequestInfo>((resolve) => {
      const listener = api.onDidEndRequest((request) => {
        listener.dispose();
        resolve(request);
      });
    });
    assert.equal(await commands.executeCommand<number>(COMMAND.sendSample), 200);
    const { key, method, target, status } = await ended;
    assert.deepEqual([method, target, status], ['POST', '/webhooks/github', 200]);
    const uri = await commands.executeCommand<Uri>(COMMAND.openRequestBody, key);
    const document: TextDocument = await workspace.openTextDocument(uri);
    assert.equal(document.languageId, 'json');
    assert.equal((JSON.parse(document.getText()) as { action: string }).action, 'opened');
    assert.equal(window.activeTextEditor?.document.uri.toString(), uri.toString());
    const copied = await commands.executeCommand<string>(COMMAND.copyResponseBody, { key });
    assert.equal((JSON.parse(copied) as { action: string }).action, 'opened');
    await commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('tells other extensions when it changes', async () => {
    const api = await caronteApi();
    const states: string[] = [];
    const listener = api.onDidChangeTunnel(({ state }) => states.push(state));
    await api.stopTunnel();
    const again = await api.startTunnel({ proxyUrl, code: 'in-host', port });
    listener.dispose();
    assert.equal(again.state, 'live');
    assert.deepEqual(
      [states[0], states.includes('off'), states.at(-1)],
      ['stopping', true, 'live'],
    );
  });

  it('stays off if the user does not say what is missing', async () => {
    const api = await caronteApi();
    await api.stopTunnel();
    // No secret is known for that proxy, so that it is asked for.
    const asked = api.startTunnel({ proxyUrl: 'http://127.0.0.1:1', code: 'in-host', port });
    const close = setInterval(() => {
      void commands.executeCommand('workbench.action.closeQuickOpen');
    }, 50);
    const answered = await asked;
    clearInterval(close);
    assert.deepEqual(answered, { state: 'off' });
  });
});

import assert from 'node:assert/strict';
import { commands, workspace } from 'vscode';
import { COMMAND } from '../../../src/extension/ids.ts';
import { caronteApi } from './api.ts';

describe('a folder that is not trusted', () => {
  it('does not decide where traffic goes, nor that anything starts', async () => {
    assert.equal(workspace.isTrusted, false);
    const api = await caronteApi();
    assert.deepEqual(api.tunnel, { state: 'off' });
    const configuration = workspace.getConfiguration('caronte');
    assert.equal(configuration.get('proxyUrl'), '');
    assert.equal(configuration.get('code'), '');
    assert.equal(configuration.get('target.port'), null);
    assert.equal(configuration.get('whenOffline'), 'refuse');
    assert.equal(configuration.get('queue.review'), true, 'the user’s own');
    assert.equal(configuration.get('autoStart'), false);
    assert.equal(configuration.get('history.limit'), 50, 'what sends nothing anywhere counts');
  });

  it('has the commands nevertheless', async () => {
    const registered = new Set(await commands.getCommands(true));
    assert.ok(registered.has(COMMAND.startTunnel));
    assert.equal(await commands.executeCommand(COMMAND.copyPublicUrl), undefined);
  });
});

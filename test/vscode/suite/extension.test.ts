import assert from 'node:assert/strict';
import { commands, extensions, Uri, window, workspace } from 'vscode';
import { BODY_SCHEME, COMMAND, HOSTING_GUIDE, QUEUED_SCHEME } from '../../../src/extension/ids.ts';
import { readSettings } from '../../../src/extension/settings/read.ts';
import { DEFAULTS, SECTION } from '../../../src/extension/settings/schema.ts';
import { caronteApi } from './api.ts';

describe('the extension', () => {
  it('registers every command of its table once it is active', async () => {
    await caronteApi();
    const registered = new Set(await commands.getCommands(true));
    for (const id of Object.values(COMMAND)) assert.ok(registered.has(id), id);
  });

  it('gives other extensions a small API', async () => {
    const api = await caronteApi();
    assert.equal(api.version, 1);
    assert.deepEqual(api.tunnel, { state: 'off' });
    assert.equal(extensions.getExtension('caronte.caronte')?.isActive, true);
  });

  it('reads the defaults that the manifest gives the editor', () => {
    const configuration = workspace.getConfiguration(SECTION);
    const { settings, problems } = readSettings((key) => configuration.get(key));
    assert.deepEqual(problems, []);
    const {
      targetHostHeader,
      targetInsecure,
      targetRewritePaths,
      queueReview,
      queueParallel,
      queueMethods,
      queueOnRefused,
      queueDedupeSeconds,
      ...same
    } = DEFAULTS;
    assert.deepEqual(settings, {
      ...same,
      targetManner: {
        hostHeader: targetHostHeader,
        caFile: undefined,
        insecure: targetInsecure,
        rewritePaths: targetRewritePaths,
      },
      queue: {
        review: queueReview,
        parallel: queueParallel,
        methods: queueMethods,
        refused: queueOnRefused,
        dedupeSeconds: queueDedupeSeconds,
      },
      targetSocket: undefined,
      proxyUrl: undefined,
      code: undefined,
      targetPort: undefined,
      historyLimit: 10_000,
    });
  });

  it('refuses options that cannot be used, and asks nothing then', async () => {
    await assert.rejects(
      async () => commands.executeCommand(COMMAND.startTunnel, { port: 'x' }),
      /"port"/,
    );
  });

  it('does nothing where there is nothing to do', async () => {
    assert.equal(await commands.executeCommand(COMMAND.copyPublicUrl), undefined);
    assert.equal(await commands.executeCommand(COMMAND.sendSample), undefined);
    assert.equal(await commands.executeCommand(COMMAND.openRequestBody, 'no such key'), undefined);
    assert.equal(await commands.executeCommand(COMMAND.copyRequestBody, { key: 5 }), undefined);
    const unknown = '0'.repeat(32);
    assert.equal(await commands.executeCommand(COMMAND.deliverQueued, unknown), 0);
    assert.equal(await commands.executeCommand(COMMAND.discardQueued, '../pause'), 0);
    assert.equal(await commands.executeCommand(COMMAND.showQueued, { id: unknown }), undefined);
    assert.equal(await commands.executeCommand(COMMAND.discardAllQueued, 'dead'), 0);
    await commands.executeCommand(COMMAND.pauseDeliveries);
    await commands.executeCommand(COMMAND.stopTunnel);
    await commands.executeCommand(COMMAND.stopLocalProxy);
    await commands.executeCommand(COMMAND.clearRequests);
  });

  it('opens its hosting guide, which is in the package', async () => {
    const { extensionUri } = extensions.getExtension('caronte.caronte') ?? {};
    assert.ok(extensionUri !== undefined);
    const text = await workspace.fs.readFile(Uri.joinPath(extensionUri, HOSTING_GUIDE));
    assert.match(Buffer.from(text).toString(), /--secret-file/);
    await commands.executeCommand(COMMAND.openHostingGuide);
    const shown = (): boolean =>
      window.tabGroups.all.some(({ tabs }) =>
        tabs.some(({ label }) => label.includes('hosting.md')),
      );
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!shown()) return;
        listener.dispose();
        resolve();
      };
      const listener = window.tabGroups.onDidChangeTabs(look);
      look();
    });
    await commands.executeCommand('workbench.action.closeAllEditors');
    // A preview that is closed may take the window's focus along, without which there is no clipboard.
    await commands.executeCommand('workbench.action.focusSideBar');
  });

  it('has read-only documents for bodies, and none for what it does not know', async () => {
    assert.equal(workspace.fs.isWritableFileSystem(BODY_SCHEME), false);
    for (const path of ['/x', '/x/request/a.json', '/x/other/a.json', '/../../etc/passwd']) {
      const uri = Uri.from({ scheme: BODY_SCHEME, path });
      await assert.rejects(async () => workspace.fs.readFile(uri), path);
    }
    assert.equal(workspace.fs.isWritableFileSystem(QUEUED_SCHEME), false);
    for (const path of ['/x', `/${'0'.repeat(32)}/request/a.json`, '/../pause/request/a.json']) {
      const uri = Uri.from({ scheme: QUEUED_SCHEME, path });
      await assert.rejects(async () => workspace.fs.readFile(uri), path);
    }
  });
});

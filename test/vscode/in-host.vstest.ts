import { fileURLToPath } from 'node:url';
import { describeInHost } from './in-host.ts';
import { TestTarget } from './outside-world.ts';
import { VSIX } from './paths.ts';

const suite = (name: string): string => fileURLToPath(new URL(`suite/${name}`, import.meta.url));

describe('in the extension host', () => {
  let target: TestTarget | undefined;
  after(() => target?.close());

  describeInHost('of a trusted folder', async () => {
    target = await TestTarget.start();
    target.answer = ({ body, headers }) => ({
      headers: { 'content-type': headers['content-type'] ?? 'text/plain' },
      body,
    });
    return {
      vsix: [VSIX],
      folderName: 'orders',
      settings: { 'caronte.history.limit': 10_000 },
      tests: [suite('extension.test.ts'), suite('tunnel.test.ts'), suite('load.test.ts')],
      parameters: { port: target.port },
      testTimeout: 60_000,
    };
  });

  describeInHost('of a folder that is not trusted', {
    vsix: [VSIX],
    workspaceTrust: true,
    settings: { 'caronte.queue.review': true },
    files: {
      '.vscode/settings.json': JSON.stringify({
        'caronte.proxyUrl': 'https://attacker.example',
        'caronte.code': 'stolen',
        'caronte.target.port': 22,
        'caronte.autoStart': true,
        'caronte.whenOffline': 'queue',
        'caronte.queue.review': false,
        'caronte.history.limit': 50,
      }),
    },
    tests: [suite('untrusted.test.ts')],
  });
});

import { sign } from '@octokit/webhooks-methods';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { WebhookDefinition } from '@octokit/webhooks-examples';
import { Agent, fetch } from 'undici';
import { startTarget } from '../support/real-target.ts';
import { useRig } from '../support/rig.ts';

const TARGET = fileURLToPath(new URL('../support/octokit-target.ts', import.meta.url));

/** Webhooks under way at once. */
const AT_ONCE = 16;

/** GitHub itself, and the Enterprise servers that the package has payloads of. */
const SOURCES = ['api.github.com', 'ghes-31', 'ghes-32', 'ghes-33', 'ghes-34', 'ghes-35'];

interface Webhook {
  readonly event: string;
  readonly payload: string;
}

async function examples(): Promise<Webhook[]> {
  const resolve = createRequire(import.meta.url).resolve;
  const found: Webhook[] = [];
  for (const source of SOURCES) {
    const file = resolve(`@octokit/webhooks-examples/${source}/index.json`);
    const definitions = JSON.parse(await readFile(file, 'utf8')) as readonly Pick<
      WebhookDefinition,
      'name' | 'examples'
    >[];
    for (const { name, examples } of definitions) {
      for (const example of examples) found.push({ event: name, payload: JSON.stringify(example) });
    }
  }
  return found;
}

describe('GitHub’s webhooks through a tunnel', () => {
  const rig = useRig();

  it('arrive with signatures that GitHub’s own library accepts, all of the examples', async function () {
    this.timeout(60_000);
    const secret = randomUUID();
    const targetPort = await startTarget(rig(), TARGET, [secret]);
    const { port, base } = await rig().tunnel({ targetPort });
    const dispatcher = new Agent();
    rig().onEnd(() => void dispatcher.destroy());

    /** Resolves with what the target made of it. */
    const send = async ({ event, payload }: Webhook, signature: string): Promise<string> => {
      const delivery = randomUUID();
      const answer = await fetch(`http://127.0.0.1:${port}${base}/github`, {
        method: 'POST',
        dispatcher,
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'GitHub-Hookshot/044aadd',
          'X-GitHub-Delivery': delivery,
          'X-GitHub-Event': event,
          'X-Hub-Signature-256': signature,
        },
        body: payload,
      });
      await answer.arrayBuffer();
      assert.equal(answer.headers.get('x-delivery'), delivery);
      assert.equal(answer.headers.get('x-event'), event);
      return `${answer.status} ${event}`;
    };

    const webhooks = await examples();
    assert.ok(webhooks.length > 500, `${webhooks.length} examples`);
    const rest = webhooks.values();
    const answers: string[] = [];
    const sender = async (): Promise<void> => {
      for (const webhook of rest) {
        answers.push(await send(webhook, await sign(secret, webhook.payload)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    assert.deepEqual(answers.sort(), webhooks.map(({ event }) => `204 ${event}`).sort());

    // The target does look at the signature.
    const other = await sign('another secret', 'x');
    assert.equal(await send({ event: 'ping', payload: '{}' }, other), '401 ping');
  });
});

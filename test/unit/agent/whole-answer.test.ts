import { AGENT_PATHS, MalformedError } from 'caronte-proxy/protocol';
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProxyClient } from '../../../src/agent/proxy-client.ts';
import { MAX_ANSWER } from '../../../src/agent/whole-answer.ts';
import { FakeClock } from './support/clock.ts';
import { type Asked, FakeProxy, freshId } from './support/fake-proxy.ts';
import { OPTIONS } from './support/fixture.ts';

describe('an answer of the proxy’s', () => {
  let proxy: FakeProxy;
  let client: ProxyClient;

  beforeEach(async () => {
    proxy = new FakeProxy();
    client = new ProxyClient({ ...OPTIONS, proxyUrl: await proxy.listen() }, new FakeClock());
  });
  afterEach(async () => {
    await client.destroy();
    await proxy.close();
  });

  /** Sends pieces until nobody takes them any more. */
  async function goOn({ response }: Asked): Promise<void> {
    function* endless(): Generator<Buffer> {
      for (;;) yield Buffer.alloc(64 * 1024);
    }
    await assert.rejects(pipeline(Readable.from(endless()), response));
  }

  it('is taken as long as it is no larger than any that makes sense', async () => {
    const reply = client.reply(Buffer.from([1]), 10_000);
    (await proxy.next(AGENT_PATHS.reply)).response.end(Buffer.alloc(MAX_ANSWER, 7));
    assert.equal((await reply).length, MAX_ANSWER);
    const larger = assert.rejects(client.reply(Buffer.from([1]), 10_000), MalformedError);
    (await proxy.next(AGENT_PATHS.reply)).response.end(Buffer.alloc(MAX_ANSWER + 1, 7));
    await larger;
  });

  it('that has no end is given up, whatever it answers', async () => {
    const poll = assert.rejects(
      client.poll({ acknowledged: [], capacity: 1, waitSeconds: 1 }, 10_000, () => undefined),
      MalformedError,
    );
    await goOn(await proxy.next(AGENT_PATHS.poll));
    await poll;
    const id = freshId();
    const body = assert.rejects(client.openBody(id), MalformedError);
    const asked = await proxy.next(AGENT_PATHS.body + id);
    asked.response.statusCode = 404;
    await goOn(asked);
    await body;
  });
});

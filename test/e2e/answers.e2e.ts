import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { expectProblem } from './support/problem.ts';
import { RawAgent, record, uint32 } from './support/raw-agent.ts';
import { responseText } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';

/** Heads of responses, after the id: status, reason, then names and values, divided by LF. */
const BAD_HEADS = {
  'a reason with a control character': '200\nO\x1bK',
  'a reason with a carriage return': '200\nOK\rX: y',
  'a name that is no token': '200\nOK\nbad name\nvalue',
  'a name with a colon': '200\nOK\nX:\nvalue',
  'an empty name': '200\nOK\n\nvalue',
  'a value with a carriage return': '200\nOK\nX\na\rSet-Cookie: b',
  'a value with a NUL': '200\nOK\nX\na\0b',
  'a status that is not final': '101\nSwitching',
};

describe('an answer of an agent that is not valid HTTP', () => {
  const rig = useRig();

  for (const [what, head] of Object.entries(BAD_HEADS)) {
    it(`such as ${what}, makes a 502 for its caller and harms nobody else`, async () => {
      const { proxy, port } = await rig().proxy();
      const agent = new RawAgent(port, rig().secret);
      await agent.hello('raw');
      for (const inPieces of [false, true]) {
        const answer = call(port, { path: '/forward/raw/' });
        const id = await agent.take();
        const text = `${id}\n${head}`;
        const body = inPieces
          ? record(0x21, text) + record(0x23, '').slice(1)
          : record(0x20, `${uint32(text.length)}${text}`);
        assert.equal((await agent.post('/agent/reply', body)).status, 200);
        expectProblem(await answer, 502, 'agent_misbehaved');
      }
      assert.ok(proxy.isRunning);
    });
  }

  it('such as one with a framing of its own, is framed again', async () => {
    const { port } = await rig().proxy();
    const agent = new RawAgent(port, rig().secret);
    await agent.hello('raw');
    const answer = call(port, { path: '/forward/raw/' });
    const text = `${await agent.take()}\n200\nOK\nTransfer-Encoding\nchunked\nContent-Length\n1`;
    await agent.post('/agent/reply', record(0x20, `${uint32(text.length)}${text}whole`));
    assert.equal((await answer).body.toString(), 'whole');
  });

  it('such as more than the length that it announced, is cut off at the length', async () => {
    const { proxy, port } = await rig().proxy();
    const agent = new RawAgent(port, rig().secret);
    await agent.hello('raw');
    const answer = call(port, { path: '/forward/raw/' });
    const head = `${await agent.take()}\n200\nOK\nContent-Length\n3`;
    const body = [record(0x21, head), record(0x22, 'HTTP/1.1 200 smuggled'), record(0x23, '')];
    void agent.post('/agent/reply', [body[0], body[1]?.slice(1), body[2]?.slice(1)].join(''));
    await assert.rejects(answer, /the connection ended after 0 bytes/);
    assert.ok(proxy.isRunning);
  });

  it('of a target that has a control code in its reason does not end the proxy', async () => {
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(responseText(['HTTP/1.1 200 O\x1b[31mK', 'Content-Length: 0']));
    });
    const { proxy, port, base } = await rig().tunnel({
      targetPort: target.port,
    });
    const answer = await call(port, { path: `${base}/` }, 3_000);
    assert.ok([200, 502].includes(answer.status));
    assert.ok(proxy.isRunning);
  });
});

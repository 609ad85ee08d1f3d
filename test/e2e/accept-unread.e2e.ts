import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { KIB } from './support/load.ts';
import { responseText } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';

/** In which the caller must know what became of its request, in milliseconds. */
const ANSWER_MS = 5_000;

describe('a tunnel that does not send replies', () => {
  const rig = useRig();
  const body = Buffer.alloc(8 * KIB * KIB);

  it('answers although the target does not want all of a body', async () => {
    const targetPort = await rig().httpTarget((request, response) => {
      response.writeHead(413);
      response.end('too large');
      request.resume();
    });
    const { port, base } = await rig().tunnel({ targetPort, sendReply: false });
    await call(port, { method: 'POST', path: `${base}/`, body }, ANSWER_MS);
  });

  it('answers although the target of a large body cannot be reached', async () => {
    const gone = await rig().rawTarget((_request, socket) => socket.write(responseText([])));
    const { port: targetPort } = gone;
    gone.close();
    const { port, base } = await rig().tunnel({
      targetPort,
      sendReply: false,
      agentFlags: ['--target-max-attempts', '1'],
    });
    const answer = await call(port, { method: 'POST', path: `${base}/`, body }, ANSWER_MS);
    assert.ok([202, 502].includes(answer.status));
  });
});

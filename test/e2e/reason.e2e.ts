import assert from 'node:assert/strict';
import { call } from './support/caller.ts';
import { responseText } from './support/raw-target.ts';
import { useRig } from './support/rig.ts';

/** Reason phrases in UTF-8, as bytes. (undici reads the phrase as UTF-8: others are lost there.) */
const REASONS = {
  'UTF-8': Buffer.from('Prüfung läuft').toString('latin1'),
  'UTF-8 whose code points look like line ends in their low byte':
    Buffer.from('上').toString('latin1'),
};

describe('a reason phrase with bytes above 0x7F', () => {
  const rig = useRig();

  for (const [what, reason] of Object.entries(REASONS)) {
    it(`passes unchanged in ${what}`, async () => {
      const target = await rig().rawTarget((_request, socket) => {
        socket.write(responseText([`HTTP/1.1 200 ${reason}`, 'Content-Length: 0']));
      });
      const { port, base } = await rig().tunnel({ targetPort: target.port });
      assert.equal((await call(port, { path: `${base}/` }, 3_000)).reason, reason);
    });
  }
});

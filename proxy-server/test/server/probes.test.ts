import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Fixture } from '../support/fixture.ts';

/** Seconds until Linux asks the other end of a connection for a sign of life; undefined if it will not. */
function probeIn(localPort: number, remotePort: number): number | undefined {
  const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local = '', remote = '', , , timer = ''] = line.trim().split(/\s+/);
    if (!local.endsWith(hex(localPort)) || !remote.endsWith(hex(remotePort))) continue;
    // `02` is the keep-alive timer; the time is in hundredths of a second.
    const [kind, left = ''] = timer.split(':');
    return kind === '02' ? Number.parseInt(left, 16) / 100 : undefined;
  }
  return undefined;
}

describe('a caller’s connection on which nothing is said', () => {
  it('is asked for a sign of life within 20 s, so that who has gone is noticed', async () => {
    const fixture = await new Fixture().start();
    try {
      const agent = await fixture.agent();
      const caller = fixture.get();
      await agent.take();
      const seconds = probeIn(fixture.port, caller.socket.localPort ?? 0);
      assert.ok(seconds !== undefined && seconds <= 20, `probe in ${String(seconds)} s`);
    } finally {
      await fixture.stop();
    }
  });
});

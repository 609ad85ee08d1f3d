import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI } from '../../scripts/paths.ts';
import { Caller, field } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { LedgerTarget } from './support/ledger.ts';
import { KIB } from './support/load.ts';
import { Program } from './support/program.ts';
import { type Rig, useRig } from './support/rig.ts';
import { until } from './support/waiting.ts';

/** A proxy whose data lies on a file system of 16 MB that nobody else sees. */
async function proxyOnSmallDisk(
  rig: Rig,
): Promise<{ readonly port: number; readonly disk: string }> {
  const folder = rig.folder();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mount = `mount -t tmpfs -o size=16m tmpfs '${disk}' && exec "$@"`;
  const flags = ['proxy', '--host', '127.0.0.1', '--port', '0', '--data-dir', join(disk, 'data')];
  const args = ['--map-root-user', '--mount', 'sh', '-c', mount, 'sh', process.execPath, CLI];
  const proxy = rig.add(
    Program.start('unshare', [...args, ...flags], {
      name: 'proxy',
      cwd: folder,
      env: { CARONTE_SECRET: rig.secret },
    }),
  );
  const port = Number((await jsonLine(proxy, { msg: 'listening' }))['port']);
  // The process is the proxy by now, and this is the disk as it sees it.
  return { port, disk: `/proc/${proxy.pid}/root${disk}` };
}

/** More requests than the disk has room for, or than it takes until room that was made is noticed. */
const MOST = 20_000;

describe('a proxy whose disk is full', () => {
  const rig = useRig();

  for (const [what, size] of [
    ['small requests', 4 * KIB],
    ['large ones', 300 * KIB],
  ] as const) {
    it(`answers 507 to ${what}, loses none that it took, lets live ones pass, and recovers`, async function () {
      this.timeout(60_000);
      const target = await LedgerTarget.start(rig());
      const { port, disk } = await proxyOnSmallDisk(rig());
      const tunnel = { port, targetPort: target.port };
      const queueing = ['--send-reply', '--offline', 'queue', '--parallel', '16'];
      const first = rig().agent({ ...tunnel, code: 'orders' }, queueing);
      await jsonLine(first, { event: 'state', state: 'live' });
      await first.end('SIGTERM');
      const live = rig().agent({ ...tunnel, code: 'live' }, ['--send-reply']);
      await jsonLine(live, { event: 'state', state: 'live' });

      const accepted: string[] = [];
      let count = 0;
      const send = async (code = 'orders'): Promise<number> => {
        const nonce = `nonce-${(count += 1)}`;
        // After a 507 to a body that was not read, the connection closes.
        const caller = await Caller.connect(port);
        const answer = await caller.send({
          method: 'POST',
          path: `/forward/${code}/`,
          fields: [['X-Nonce', nonce]],
          body: Buffer.alloc(size, nonce),
        }).whole;
        caller.leave();
        if (answer.status === 202) accepted.push(nonce);
        if (answer.status === 507) assert.equal(field(answer, 'caronte-error'), 'queue_full');
        return answer.status;
      };
      const sendUntil = async (wanted: number): Promise<void> => {
        const last = count + MOST;
        while ((await send()) !== wanted) assert.ok(count < last, `no ${wanted}`);
      };

      await sendUntil(507);
      assert.ok(accepted.length > 10, `${accepted.length} accepted`);
      assert.equal(await send('live'), 200);

      // What was taken is delivered although the disk is full, and that makes room.
      const second = rig().agent({ ...tunnel, code: 'orders' }, queueing);
      await jsonLine(second, { event: 'state', state: 'live' });
      const arrived = async (): Promise<boolean> => {
        const entries = await target.entries();
        return accepted.every((nonce) => entries.get(nonce)?.hash !== undefined);
      };
      await until(arrived, 'all that was accepted', 30_000);
      await second.end('SIGTERM');
      await sendUntil(202);

      // Room that somebody else takes, and gives back.
      const filler = join(disk, 'filler');
      try {
        writeFileSync(filler, Buffer.alloc(32 * 1024 * KIB));
        assert.fail('the disk is larger than it should be');
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
      await sendUntil(507);
      assert.equal(await send('live'), 200);
      rmSync(filler);
      await sendUntil(202);
      const third = rig().agent({ ...tunnel, code: 'orders' }, queueing);
      await jsonLine(third, { event: 'state', state: 'live' });
      await until(arrived, 'all that was accepted', 30_000);
      assert.equal(
        [...(await target.entries()).values()].every(({ heads }) => heads === 1),
        true,
      );
    });
  }
});

import { randomBytes } from 'node:crypto';
import type { Reply } from './caller.ts';
import type { LedgerTarget } from './ledger.ts';
import type { Rig, RunningTunnel } from './rig.ts';

/** Sends a request and waits until the target has it. */
export async function underWay(
  rig: Rig,
  { port, base }: RunningTunnel,
  target: LedgerTarget,
  action: string,
): Promise<Reply> {
  const caller = await rig.caller(port);
  const nonce = randomBytes(8).toString('hex');
  const reply = caller.send({
    method: 'POST',
    path: `${base}/`,
    fields: [
      ['X-Nonce', nonce],
      ['X-Do', action],
    ],
    body: 'body',
  });
  await target.arrived(nonce);
  return reply;
}

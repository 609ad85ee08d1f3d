import { Writable } from 'node:stream';
import type { Output } from '../../../src/cli/queue/output.ts';
import type { Act } from '../../../src/cli/queue/run.ts';
import { runQueue } from '../../../src/cli/queue/run.ts';
import type { TunnelFlags } from '../../../src/cli/tunnel/flags.ts';
import { PLAIN } from '../../../src/cli/view/style.ts';
import { NOW } from './queue-server.ts';

/** What a command said. */
export class Said implements Output {
  readonly lines: string[] = [];
  readonly complaints: string[] = [];
  readonly chunks: Buffer[] = [];
  readonly stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      this.chunks.push(chunk);
      done();
    },
  });
  isTerminal = false;
  readonly style = PLAIN;
  columns: number | undefined;
  readonly now = (): number => NOW;
  readonly moment = (at: number): string => new Date(at).toISOString().slice(11, 19);
  readonly print = (line: string): void => void this.lines.push(line);
  readonly complain = (problem: string): void => void this.complaints.push(`error: ${problem}`);
  readonly remark = (line: string): void => void this.complaints.push(line);

  /** What was written beside the lines. */
  get bytes(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Runs one command against the proxy at an address. */
export async function run(
  proxyUrl: string,
  read: (problems: string[]) => Act,
  more: { flags?: TunnelFlags; said?: Said } = {},
): Promise<{ said: Said; code: number }> {
  const said = more.said ?? new Said();
  const flags = { code: 'orders', proxyUrl, ...more.flags };
  const env = { CARONTE_SECRET: 'a secret of the tests' };
  const file = { ok: false, problem: 'there is no such file' } as const;
  const code = await runQueue({ flags, env, read: () => file }, read, said);
  return { said, code };
}

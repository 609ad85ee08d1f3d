import type { FileText } from 'caronte-proxy/command';
import { isSocketTarget, socketTargetProblem, type TlsTrust } from '../../agent/index.ts';
import { readAddress } from '../tunnel/address.ts';
import { readCertificates } from '../tunnel/certificates.ts';
import { shown } from '../tunnel/values.ts';

/** The flags that say what the target is. */
export interface TargetFlags {
  readonly target?: string;
  readonly targetProtocol?: string;
  readonly targetHost?: string;
  readonly targetPort?: string;
  readonly targetCa?: string;
  readonly targetInsecure?: true;
  readonly hostHeader?: string;
}

/** The target's address: an origin, or `unix:` and a path. Undefined if there are problems. */
export function readTarget(flags: TargetFlags, problems: string[]): string | undefined {
  const { target, targetProtocol, targetHost, targetPort } = flags;
  if (target === undefined || !isSocketTarget(target)) {
    return readAddress(
      { url: target, protocol: targetProtocol, host: targetHost, port: targetPort },
      { urlFlag: '--target', partPrefix: '--target', mayHavePath: false },
      problems,
    );
  }
  const before = problems.length;
  const problem = socketTargetProblem(target);
  if (problem !== undefined) problems.push(`--target: ${shown(target)} ${problem}`);
  for (const [flag, value] of [
    ['--target-protocol', targetProtocol],
    ['--target-host', targetHost],
    ['--target-port', targetPort],
  ]) {
    if (value !== undefined) problems.push(`${flag}: a Unix socket has none`);
  }
  return problems.length > before ? undefined : target;
}

/** Whom to trust as the target; flags without effect are problems. */
export function readTargetTls(
  { targetCa, targetInsecure }: TargetFlags,
  target: string | undefined,
  read: (path: string) => FileText,
  problems: string[],
): TlsTrust | undefined {
  if (targetCa === undefined && targetInsecure === undefined) return undefined;
  const flag = targetCa === undefined ? '--target-insecure' : '--target-ca';
  if (targetCa !== undefined && targetInsecure !== undefined) {
    problems.push('--target-ca and --target-insecure: give one of them, not both');
  }
  if (target !== undefined && !target.startsWith('https:')) {
    problems.push(`${flag}: the target is not https`);
  }
  return {
    ca: readCertificates('--target-ca', targetCa, read, problems),
    insecure: targetInsecure === true,
  };
}

/** `target`, `preserve` or a Host of its own; undefined for the default, or if there are problems. */
export function readHostHeader(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined) return text;
  // RFC 9110 section 7.2: a host, perhaps with a port.
  const [, port] = /^(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text) ?? [text, 'none'];
  if (Number(port ?? 0) <= 65_535) return text;
  problems.push(
    `--host-header: ${shown(text)} is neither "target", "preserve" nor a host, with or without port`,
  );
  return undefined;
}

import { type FileText, SECRET_WAYS, secretLines, secretProblem } from 'caronte-proxy/command';
import type { TunnelFlags } from './flags.ts';
import { unlessEmpty } from './values.ts';

/** Where a secret may come from. */
export interface SecretSources {
  readonly flags: Pick<TunnelFlags, 'secret' | 'secretFile'>;
  /** An empty variable counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly read: (path: string) => FileText;
}

export const SECRET_ON_COMMAND_LINE = {
  code: 'secret_on_command_line',
  message:
    'other users of this machine can read the secret in the argument list; use CARONTE_SECRET or --secret-file',
} as const;

/** Flags over environment. Undefined if there are problems, none of which shows a secret. */
export function readSecret(
  { flags, env, read }: SecretSources,
  problems: string[],
): string | undefined {
  const byFlag = flags.secret !== undefined || flags.secretFile !== undefined;
  const [text, path, textName, pathName] = byFlag
    ? [flags.secret, flags.secretFile, '--secret', '--secret-file']
    : [
        unlessEmpty(env['CARONTE_SECRET']),
        unlessEmpty(env['CARONTE_SECRET_FILE']),
        'CARONTE_SECRET',
        'CARONTE_SECRET_FILE',
      ];
  if (text !== undefined && path !== undefined) {
    problems.push(`${textName} and ${pathName}: give one of them, not both`);
    return undefined;
  }
  if (path !== undefined) {
    const file = read(path);
    if (file.ok) return checkedSecret(secretLines(file.text)[0], `secret file ${path}`, problems);
    problems.push(`secret file ${path}: ${file.problem}`);
    return undefined;
  }
  if (text !== undefined) {
    // Of two, for the time of a change, the first is the one to use.
    return checkedSecret(byFlag ? text : secretLines(text)[0], textName, problems);
  }
  problems.push(`no secret: ${SECRET_WAYS}. It is the one that the proxy was started with`);
  return undefined;
}

function checkedSecret(
  secret: string | undefined,
  where: string,
  problems: string[],
): string | undefined {
  const problem = secret === undefined ? 'is missing' : secretProblem(secret);
  if (problem === undefined) return secret;
  problems.push(`${where}: the secret ${problem}`);
  return undefined;
}

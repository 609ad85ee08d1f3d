import { ADVISED_SECRET } from './limits.ts';
import type { OptionName, Settings } from './options.ts';
import { fromConfig } from './paths.ts';
import { MAX_SECRETS, SECRET_HINT, SECRET_WAYS, secretLines, secretProblem } from './secret.ts';
import { type ConfigWarning, type FileText, type Given, ORIGINS } from './sources.ts';

/** A secret and a file of secrets are two ways to say the same thing: the better source wins. */
export function keepOneWayOfSecret(given: Map<OptionName, Given>, problems: string[]): void {
  const secret = given.get('secret');
  const file = given.get('secretFile');
  if (secret === undefined || file === undefined) return;
  const order = ORIGINS.indexOf(secret.origin) - ORIGINS.indexOf(file.origin);
  if (order === 0) problems.push(`${secret.where} and ${file.where}: give one of them, not both`);
  else given.delete(order < 0 ? 'secretFile' : 'secret');
}

/** The secrets that are valid: one, or two while one replaces the other. */
export function loadSecrets(
  settings: Settings,
  given: ReadonlyMap<OptionName, Given>,
  configPath: string | undefined,
  read: (path: string) => FileText,
  problems: string[],
): { readonly secrets: readonly string[]; readonly warnings: readonly ConfigWarning[] } {
  const source = given.get('secretFile') ?? given.get('secret');
  if (source === undefined) {
    problems.push(
      `a proxy does not run without a secret: ${SECRET_WAYS}. To make one: ${SECRET_HINT}`,
    );
    return NONE;
  }
  let where = source.where;
  let all = settings.secret;
  if (settings.secretFile !== undefined) {
    where = `secret file ${settings.secretFile}`;
    const file = read(fromConfig(settings.secretFile, source, configPath));
    if (file.ok) all = secretLines(file.text);
    else problems.push(`${where}: ${file.problem}`);
  }
  // Undefined if its source was refused already.
  if (all === undefined) return NONE;
  const secrets = [...new Set(all)];
  checkSecrets(secrets, where, problems);
  return { secrets, warnings: warningsOf(secrets, where, source) };
}

const NONE = { secrets: [], warnings: [] } as const;

function checkSecrets(secrets: readonly string[], where: string, problems: string[]): void {
  if (secrets.length === 0) problems.push(`${where}: holds no secret`);
  if (secrets.length > MAX_SECRETS) {
    problems.push(`${where}: ${secrets.length} secrets; at most ${MAX_SECRETS} are valid at once`);
  }
  for (const problem of new Set(secrets.map(secretProblem))) {
    if (problem !== undefined) problems.push(`${where}: the secret ${problem}`);
  }
}

function warningsOf(secrets: readonly string[], where: string, source: Given): ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  if (source.origin === 'flag' && where === source.where) {
    warnings.push({
      code: 'secret_on_command_line',
      message:
        'other users of this machine can read the secret in the argument list; use CARONTE_SECRET or --secret-file',
    });
  }
  if (secrets.some((secret) => secret.length < ADVISED_SECRET)) {
    warnings.push({
      code: 'secret_short',
      message: `${where}: a secret of fewer than ${ADVISED_SECRET} characters can be guessed. To make a better one: ${SECRET_HINT}`,
    });
  }
  return warnings;
}

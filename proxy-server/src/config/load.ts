import { readFileValues, type FileValues } from './file.ts';
import type { Limits, ProxyOptions } from './limits.ts';
import { keepOneWayOfSecret, loadSecrets } from './load-secrets.ts';
import { loadTls } from './load-tls.ts';
import { nearest } from './nearest.ts';
import {
  environmentName,
  flagName,
  LIMIT_NAMES,
  OPTION_NAMES,
  type OptionName,
  OPTIONS,
  type Settings,
} from './options.ts';
import {
  type ConfigSources,
  type ConfigWarning,
  type Given,
  type Origin,
  show,
} from './sources.ts';

/** What the command of the proxy runs with. */
export interface ProxyConfig {
  readonly options: ProxyOptions;
  readonly logFormat: 'pretty' | 'json';
  readonly logLevel: Settings['logLevel'];
  /** Where the value of each option came from. */
  readonly origins: Readonly<Record<OptionName, Origin>>;
  readonly secretFile: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly warnings: readonly ConfigWarning[];
}

/** Problems are one line each: source, what is wrong, what is allowed. Never a secret. */
export type ConfigResult =
  | { readonly ok: true; readonly config: ProxyConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Variables of Caronte's that are no option of the proxy. */
const OTHER_VARIABLES = ['CARONTE_CONFIG', 'CARONTE_CODE'];

/**
 * Makes a configuration: flag over environment over file over default. Touches nothing but what it
 * is given, so that the same sources always give the same result.
 */
export function loadConfig(sources: ConfigSources): ConfigResult {
  const problems: string[] = [];
  const file = readFileValues(configPath(sources), sources.read, OPTION_NAMES, problems);
  const given = new Map<OptionName, Given>();
  for (const name of OPTION_NAMES) {
    const found = find(name, sources, file);
    if (found !== undefined) given.set(name, found);
  }
  keepOneWayOfSecret(given, problems);

  const origins: Partial<Record<OptionName, Origin>> = {};
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of OPTION_NAMES) {
    origins[name] = given.get(name)?.origin ?? 'default';
    values[name] = check(name, given.get(name), problems);
  }
  // Sound: each is set to a value that its own schema let through, or to its fallback.
  const settings = values as Settings;
  const { secrets, warnings } = loadSecrets(settings, given, file.path, sources.read, problems);
  const tls = loadTls(settings, given, file.path, sources.read, problems);
  if (problems.length > 0) return { ok: false, problems };

  return {
    ok: true,
    config: {
      options: {
        secrets,
        host: settings.host.replace(/^\[(.*)\]$/, '$1'),
        port: settings.port,
        publicUrl: baseUrl(settings.publicUrl),
        domain: settings.domain?.toLowerCase().replace(/\.$/, ''),
        trustProxy: settings.trustProxy,
        tls,
        dataDir: settings.dataDir,
        limits: limitsOf(settings),
      },
      logFormat: settings.logFormat ?? (sources.terminal ? 'pretty' : 'json'),
      logLevel: settings.logLevel,
      origins: origins as Record<OptionName, Origin>,
      secretFile: settings.secretFile,
      tlsCert: settings.tlsCert,
      tlsKey: settings.tlsKey,
      warnings: [...warnings, ...misspeltVariables(sources.env)],
    },
  };
}

function configPath({ flags, env }: ConfigSources): string | undefined {
  const path = flags.config ?? env['CARONTE_CONFIG'];
  return typeof path === 'string' && path !== '' ? path : undefined;
}

function find(name: OptionName, sources: ConfigSources, file: FileValues): Given | undefined {
  const { fromText } = OPTIONS[name];
  const flag = sources.flags[name];
  if (flag !== undefined) {
    const raw = typeof flag === 'string' ? fromText(flag) : flag;
    return { raw, origin: 'flag', where: flagName(name) };
  }
  const variable = environmentName(name);
  const text = sources.env[variable];
  if (text !== undefined && text !== '') {
    return { raw: fromText(text), origin: 'environment', where: variable };
  }
  if (!file.values.has(name)) return undefined;
  return { raw: file.values.get(name), origin: 'file', where: `${file.path}, "${name}"` };
}

function check(name: OptionName, given: Given | undefined, problems: string[]): unknown {
  const { schema, fallback, expected } = OPTIONS[name];
  if (given === undefined) return fallback;
  const result = schema.safeParse(given.raw);
  if (result.success) return result.data;
  const shown = name === 'secret' ? 'the value' : show(given.raw);
  problems.push(`${given.where}: ${shown} is not ${expected}`);
  return fallback;
}

/** Without a slash at its end; its host in the form that browsers show. */
function baseUrl(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).href.replace(/\/+$/, '');
}

function limitsOf(settings: Settings): Limits {
  // Sound: LIMIT_NAMES are exactly the members of Limits, each a number in Settings.
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, settings[name]])) as unknown as Limits;
}

/** An unknown variable may be another program's; one that is almost an option's hardly is. */
function misspeltVariables(env: ConfigSources['env']): ConfigWarning[] {
  const known = new Set([...OPTION_NAMES.map(environmentName), ...OTHER_VARIABLES]);
  const warnings: ConfigWarning[] = [];
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('CARONTE_') || known.has(variable)) continue;
    const meant = nearest(variable.slice('CARONTE_'.length), OPTION_NAMES);
    if (meant === undefined) continue;
    warnings.push({
      code: 'variable_unknown',
      message: `${show(variable)} in the environment is no option; ${environmentName(meant)} was meant?`,
    });
  }
  return warnings;
}

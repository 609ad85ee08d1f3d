import assert from 'node:assert/strict';
import {
  type ConfigSources,
  type FileText,
  type Flags,
  loadConfig,
  type ProxyConfig,
} from '../../src/config/index.ts';

export const SECRET = 'a secret of 24 letters..';

/** Sources with a good secret in the environment and the given files, by path. */
export function sources(
  flags: Flags = {},
  env: Record<string, string> = {},
  files: Readonly<Record<string, string>> = {},
): ConfigSources {
  return {
    flags,
    env: { CARONTE_SECRET: SECRET, ...env },
    terminal: false,
    read: (path): FileText => {
      const text = files[path];
      return text === undefined
        ? { ok: false, problem: 'there is no such file' }
        : { ok: true, text };
    },
  };
}

/** Flags, environment and a configuration file with these members. */
export function withFile(file: object, flags: Flags = {}, env: Record<string, string> = {}) {
  return sources({ ...flags, config: '/etc/caronte.json' }, env, {
    '/etc/caronte.json': JSON.stringify(file),
  });
}

export function accepted(from: ConfigSources): ProxyConfig {
  const result = loadConfig(from);
  assert(result.ok, result.ok ? '' : result.problems.join('\n'));
  return result.config;
}

export function refused(from: ConfigSources): readonly string[] {
  const result = loadConfig(from);
  assert(!result.ok, 'expected problems');
  return result.problems;
}

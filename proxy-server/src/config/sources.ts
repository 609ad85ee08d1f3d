import type { OptionName } from './options.ts';

/** Text of a file, or why there is none. */
export type FileText =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** Flags as they were given, by the names of the options; `config` is the configuration file. */
export type Flags = Readonly<
  Partial<Record<OptionName | 'config', string | readonly string[] | undefined>>
>;

/** All that a configuration is made from. */
export interface ConfigSources {
  readonly flags: Flags;
  /** An empty variable counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the log goes to a terminal. */
  readonly terminal: boolean;
  readonly read: (path: string) => FileText;
}

/** Where a value came from, best first. */
export const ORIGINS = ['flag', 'environment', 'file', 'default'] as const;

export type Origin = (typeof ORIGINS)[number];

/** A value as some source has it. */
export interface Given {
  readonly raw: unknown;
  readonly origin: Origin;
  /** The source as a person would look for it. */
  readonly where: string;
}

/** What a person should know although the proxy can run. */
export interface ConfigWarning {
  readonly code: 'secret_on_command_line' | 'secret_short' | 'variable_unknown';
  readonly message: string;
}

/** A value on one short line; control characters come out escaped. */
export function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

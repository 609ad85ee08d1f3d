import type { Command, CommanderError } from 'commander';

/** How every command of Caronte ends. */
export const EXIT = {
  /** All went well, a shutdown that was asked for included. */
  ok: 0,
  /** It could not run, or not go on. */
  failure: 1,
  /** What it was told is wrong; it has not started. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How long output that is still being written may hold the process up, in milliseconds. */
const FLUSH_MS = 1000;

/** Ends the process once its output is written, whatever else is still open. */
export function leave(code: ExitCode): void {
  process.exitCode = code;
  if (process.connected) process.disconnect();
  setTimeout(() => process.exit(), FLUSH_MS).unref();
}

/** Says what is wrong, one line each. */
export function complain(problems: readonly string[]): void {
  for (const problem of problems) process.stderr.write(`error: ${problem}\n`);
}

/** Has a command and those below it end with {@link EXIT.usage} for what they cannot understand. */
export function usageErrorsExitWith2(command: Command): Command {
  command.showHelpAfterError('(see --help)').exitOverride((error: CommanderError) => {
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
  });
  for (const child of command.commands) usageErrorsExitWith2(child);
  return command;
}

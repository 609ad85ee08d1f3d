import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import type { CommandId } from '../ids.ts';

/** A handler for each command: one that is missing does not compile. */
export type CommandHandlers = { readonly [Id in CommandId]: (argument?: unknown) => unknown };

/** Registers all commands. What one throws reaches its caller, and the log. */
export function registerCommands(handlers: CommandHandlers, log: Logger): Disposables {
  const owned = new Disposables();
  for (const [id, handler] of Object.entries(handlers)) {
    owned.add(
      vscode.commands.registerCommand(id, async (argument: unknown) => {
        try {
          return await handler(argument);
        } catch (error) {
          log.error(`${id}: ${errorText(error)}`);
          throw error;
        }
      }),
    );
  }
  return owned;
}

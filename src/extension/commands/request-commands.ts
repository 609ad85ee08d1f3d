import { isText } from '../bodies/document.ts';
import * as vscode from 'vscode';
import type { Side } from '../../shared/request-view.ts';
import { loadWholeBody } from '../bodies/load.ts';
import type { HistoryStore } from '../history/store.ts';
import { COMMAND } from '../ids.ts';
import type { BodyFiles } from '../views/body-files.ts';
import { hint } from '../views/hint.ts';
import type { RequestView } from '../views/request-view.ts';
import type { RequestsTree } from '../views/requests-tree.ts';
import type { CommandHandlers } from './register.ts';

export interface RequestCommandParts {
  readonly history: HistoryStore;
  readonly requestView: RequestView;
  readonly requestsTree: RequestsTree;
  readonly bodyFiles: BodyFiles;
}

type RequestCommands = Pick<
  CommandHandlers,
  | 'caronte.clearRequests'
  | 'caronte.openRequest'
  | 'caronte.openRequestBody'
  | 'caronte.openResponseBody'
  | 'caronte.copyRequestUrl'
  | 'caronte.copyRequestBody'
  | 'caronte.copyResponseBody'
  | 'caronte.showMoreRequests'
>;

/** A longer body is not put on the clipboard, in bytes. */
const COPY_LIMIT = 8 * 1024 * 1024;

export function requestCommands(parts: RequestCommandParts): RequestCommands {
  const { history, requestView, requestsTree } = parts;
  const forKey =
    <T>(action: (key: string) => Promise<T>) =>
    async (argument?: unknown): Promise<T | undefined> => {
      const key = keyOf(argument) ?? requestView.key;
      return key === undefined || history.get(key) === undefined ? undefined : action(key);
    };
  return {
    [COMMAND.clearRequests]: () => history.clear(),
    [COMMAND.openRequest]: forKey(async (key) => {
      await requestView.show(key, true);
      return key;
    }),
    [COMMAND.openRequestBody]: forKey((key) => openBody(parts, key, 'request')),
    [COMMAND.openResponseBody]: forKey((key) => openBody(parts, key, 'response')),
    [COMMAND.copyRequestUrl]: forKey(async (key) => {
      const url = (await history.details(key))?.url;
      if (url === undefined) return undefined;
      await vscode.env.clipboard.writeText(url);
      hint(vscode.l10n.t('$(check) URL copied'));
      return url;
    }),
    [COMMAND.copyRequestBody]: forKey((key) => copyBody(parts, key, 'request')),
    [COMMAND.copyResponseBody]: forKey((key) => copyBody(parts, key, 'response')),
    [COMMAND.showMoreRequests]: () => {
      requestsTree.showMore();
    },
  };
}

/** Opens a body as a read-only document. Resolves with its address. */
export async function openBody(
  { bodyFiles }: RequestCommandParts,
  key: string,
  side: Side,
): Promise<vscode.Uri | undefined> {
  const uri = await bodyFiles.uriOf(key, side);
  if (uri === undefined) {
    hint(vscode.l10n.t('The history does not have this body any more'));
    return undefined;
  }
  await vscode.commands.executeCommand('vscode.open', uri, { preview: true });
  return uri;
}

/** Copies a body: text as it is, anything else as Base64. Resolves with what was copied. */
export async function copyBody(
  { history }: RequestCommandParts,
  key: string,
  side: Side,
): Promise<string | undefined> {
  const whole = await loadWholeBody(history, key, side, COPY_LIMIT);
  if (whole === undefined || whole.cut) {
    hint(vscode.l10n.t('This body is too large for the clipboard; open it in an editor'));
    return undefined;
  }
  const bytes = Buffer.from(whole.bytes);
  const text = isText(bytes) ? bytes.toString() : undefined;
  const copied = text ?? bytes.toString('base64');
  await vscode.env.clipboard.writeText(copied);
  hint(
    text === undefined
      ? vscode.l10n.t('$(check) Body copied as Base64')
      : vscode.l10n.t('$(check) Body copied'),
  );
  return copied;
}

/** The exchange that a command is about: its key, or a row of the tree, which menus pass. */
function keyOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { key } = argument as { key?: unknown };
  return typeof key === 'string' ? key : undefined;
}

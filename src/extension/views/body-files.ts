import * as vscode from 'vscode';
import type { Side } from '../../shared/request-view.ts';
import { bodyDocument, type BodyDocument, DOCUMENT_LIMITS } from '../bodies/document.ts';
import { loadWholeBody } from '../bodies/load.ts';
import { visibleText } from '../base/visible.ts';
import type { HistoryStore } from '../history/store.ts';
import { BODY_SCHEME } from '../ids.ts';

/** Bodies that were opened last stay in memory: the editor asks for size and content in turn. */
const CACHED = 4;

interface BodyName {
  readonly key: string;
  readonly side: Side;
}

/**
 * The bodies of the history as read-only files, so that text opens in the editor with its language,
 * images in the image viewer, and all can be compared. `caronte:/<key>/<side>/<name for the tab>`.
 */
export class BodyFiles implements vscode.FileSystemProvider {
  readonly #history: HistoryStore;
  readonly #cache = new Map<string, BodyDocument>();
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  constructor(history: HistoryStore) {
    this.#history = history;
  }

  /** The address of a body; undefined if there is none, or it cannot be read. */
  async uriOf(key: string, side: Side): Promise<vscode.Uri | undefined> {
    const entry = this.#history.get(key);
    const document = await this.#load({ key, side });
    if (entry === undefined || document === undefined) return undefined;
    const path = visibleText(entry.target).split('?', 1)[0] ?? '';
    const last = path.split('/').filter(Boolean).at(-1) ?? 'root';
    const name = `${entry.method} ${last}`.replace(/[^\p{L}\p{N}._ -]/gu, '_').slice(0, 60);
    return vscode.Uri.from({
      scheme: BODY_SCHEME,
      path: `/${key}/${side}/${name} (${side}).${document.extension}`,
    });
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { name, document } = await this.#find(uri);
    const at = this.#history.get(name.key)?.at ?? 0;
    return {
      type: vscode.FileType.File,
      ctime: at,
      mtime: at,
      size: document.bytes.length,
      permissions: vscode.FilePermission.Readonly,
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#find(uri)).document.bytes;
  }

  watch(): vscode.Disposable {
    return { dispose: () => undefined };
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#changed.dispose();
    this.#cache.clear();
  }

  async #find(uri: vscode.Uri): Promise<{ name: BodyName; document: BodyDocument }> {
    const name = parsePath(uri.path);
    const document = name === undefined ? undefined : await this.#load(name);
    if (name === undefined || document === undefined) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return { name, document };
  }

  async #load({ key, side }: BodyName): Promise<BodyDocument | undefined> {
    const id = `${key}/${side}`;
    const cached = this.#cache.get(id);
    if (cached !== undefined && this.#history.get(key) !== undefined) return cached;
    const whole = await loadWholeBody(this.#history, key, side, DOCUMENT_LIMITS.body);
    if (whole === undefined) return undefined;
    const document = bodyDocument(whole.bytes, whole.contentType);
    this.#cache.set(id, document);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED) break;
      this.#cache.delete(oldest);
    }
    return document;
  }
}

function parsePath(path: string): BodyName | undefined {
  const [, key = '', side = '', name] = path.split('/');
  if (name === undefined || (side !== 'request' && side !== 'response')) return undefined;
  return { key, side };
}

import * as vscode from 'vscode';
import type { Side } from '../../shared/request-view.ts';
import { bodyDocument, type BodyDocument, DOCUMENT_LIMITS } from '../bodies/document.ts';
import { loadWholeBody } from '../bodies/load.ts';
import type { HistoryStore } from '../history/store.ts';
import { BODY_SCHEME } from '../ids.ts';
import { fileName } from './file-name.ts';
import { type ReadOnlyFile, ReadOnlyFiles } from './read-only-files.ts';

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
export class BodyFiles extends ReadOnlyFiles {
  readonly #history: HistoryStore;
  readonly #cache = new Map<string, BodyDocument>();

  constructor(history: HistoryStore) {
    super();
    this.#history = history;
  }

  /** The address of a body; undefined if there is none, or it cannot be read. */
  async uriOf(key: string, side: Side): Promise<vscode.Uri | undefined> {
    const entry = this.#history.get(key);
    const document = await this.#load({ key, side });
    if (entry === undefined || document === undefined) return undefined;
    const name = fileName(entry.method, entry.target);
    return vscode.Uri.from({
      scheme: BODY_SCHEME,
      path: `/${key}/${side}/${name} (${side}).${document.extension}`,
    });
  }

  override dispose(): void {
    super.dispose();
    this.#cache.clear();
  }

  protected async find(path: string): Promise<ReadOnlyFile | undefined> {
    const name = parsePath(path);
    const document = name === undefined ? undefined : await this.#load(name);
    if (name === undefined || document === undefined) return undefined;
    return { bytes: document.bytes, at: this.#history.get(name.key)?.at ?? 0 };
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

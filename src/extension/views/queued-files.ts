import * as vscode from 'vscode';
import { decodeContent } from '../bodies/decode.ts';
import { bodyDocument, DOCUMENT_LIMITS } from '../bodies/document.ts';
import { fieldValue } from '../bodies/media-type.ts';
import { MAX_EMBEDDED, queuedDocument } from '../bodies/queued-document.ts';
import { QUEUED_SCHEME } from '../ids.ts';
import { isId } from '../queue/id.ts';
import type { TunnelQueue } from '../queue/tunnel-queue.ts';
import { fileName } from './file-name.ts';
import { staleText } from './queue-texts.ts';
import { type ReadOnlyFile, ReadOnlyFiles } from './read-only-files.ts';

/** Of a request of the queue: all of it as JSON, or its body alone. */
export type QueuedPart = 'request' | 'body';

interface Loaded extends ReadOnlyFile {
  readonly name: string;
}

/** Documents that were opened last stay as they were, although their requests may be delivered since. */
const CACHED = 8;

/** Requests of the queue as read-only files: `caronte-queue:/<id>/<part>/<name for the tab>`. */
export class QueuedFiles extends ReadOnlyFiles {
  readonly #queue: TunnelQueue;
  readonly #cache = new Map<string, Loaded>();

  constructor(queue: TunnelQueue) {
    super();
    this.#queue = queue;
  }

  /** Reads the request anew. Rejects if it, or its body, cannot be had. */
  async uriOf(id: string, part: QueuedPart): Promise<vscode.Uri> {
    const { name } = await this.#keep(id, part);
    return vscode.Uri.from({ scheme: QUEUED_SCHEME, path: `/${id}/${part}/${name}` });
  }

  override dispose(): void {
    super.dispose();
    this.#cache.clear();
  }

  protected async find(path: string): Promise<ReadOnlyFile | undefined> {
    const [, id = '', part = ''] = path.split('/');
    const cached = this.#cache.get(`${id}/${part}`);
    if (cached !== undefined || !isId(id) || !isPart(part)) return cached;
    try {
      // A window that was opened anew still has the tab.
      return await this.#keep(id, part);
    } catch {
      return undefined;
    }
  }

  async #keep(id: string, part: QueuedPart): Promise<Loaded> {
    const loaded = await this.#load(id, part);
    const key = `${id}/${part}`;
    this.#cache.delete(key);
    this.#cache.set(key, loaded);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED) break;
      this.#cache.delete(oldest);
    }
    return loaded;
  }

  async #load(id: string, part: QueuedPart): Promise<Loaded> {
    const { request, stale } = await this.#queue.show(id);
    const { method, target, fields, size, receivedAt: at } = request;
    const name = fileName(method, target);
    const limit = part === 'body' ? DOCUMENT_LIMITS.body : MAX_EMBEDDED;
    const isEmbedded = size > 0 && size <= MAX_EMBEDDED;
    const raw = part === 'body' || isEmbedded ? await this.#queue.body(id, limit) : Buffer.alloc(0);
    const { bytes, cut } = await decodeContent(raw, fieldValue(fields, 'content-encoding'), limit);
    if (part === 'body') {
      const document = bodyDocument(bytes, fieldValue(fields, 'content-type'));
      return { bytes: document.bytes, at, name: `${name} (queued body).${document.extension}` };
    }
    const warning = stale === undefined ? undefined : staleText(stale, Date.now() - at);
    const text = queuedDocument(request, isEmbedded && !cut ? bytes : undefined, warning);
    return { bytes: Buffer.from(text), at: Date.now(), name: `${name} (queued).json` };
  }
}

function isPart(text: string): text is QueuedPart {
  return text === 'request' || text === 'body';
}

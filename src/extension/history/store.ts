import { randomBytes } from 'node:crypto';
import type { Logger } from '../base/logger.ts';
import { errorText } from '../base/error-text.ts';
import { Signal } from '../base/signal.ts';
import type { Side } from '../../shared/request-view.ts';
import { BodyCapture, type CaptureShare } from './body-capture.ts';
import type { Details, Entry, Place } from './entry.ts';
import { decodeDetails } from './index-line.ts';
import { Volume } from './volume.ts';

export interface HistoryLimits {
  /** Ended exchanges that are kept. */
  readonly entries: number;
  /** Bytes on disk. A single body may take a quarter of it; more is cut. */
  readonly bytes: number;
}

export interface HistoryOptions {
  /** Where volumes lie; made when needed. */
  readonly folder: string;
  readonly limits: HistoryLimits;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** An exchange that has not ended yet: everything but large bodies is in memory. */
export interface OpenExchange {
  entry: Entry;
  details: Details;
  readonly request: BodyCapture;
  readonly response: BodyCapture;
  volume: Volume | undefined;
}

type Stored =
  | { readonly kind: 'open'; readonly entry: Entry; readonly open: OpenExchange }
  | {
      readonly kind: 'ended';
      readonly entry: Entry;
      readonly volume: Volume;
      readonly place: Place;
    }
  /** Listed, although its details could not be written. */
  | { readonly kind: 'unkept'; readonly entry: Entry };

/** Ended exchanges are written together, this often at most, in milliseconds. */
const FLUSH_MS = 100;
/** Or as soon as so many bytes wait. */
const FLUSH_BYTES = 1024 * 1024;
/** After the disk refused, it is left alone for so long, in milliseconds. */
const DISK_PAUSE_MS = 10_000;

/**
 * The exchanges of a workspace, newest last: summaries in memory, the rest on disk, capped by count
 * and by bytes, and there again after a restart. Never throws for what the disk does: an exchange
 * that cannot be kept is listed without its details, and the log says why.
 */
export class HistoryStore {
  /** A key whose entry is new or different, or undefined if more than one is. */
  readonly changed = new Signal<string | undefined>();
  /** An exchange has ended. */
  readonly ended = new Signal<Entry>();
  readonly #options: HistoryOptions;
  readonly #now: () => number;
  readonly #share: CaptureShare;
  readonly #volumes = new Set<Volume>();
  #limits: HistoryLimits;
  #stored = new Map<string, Stored>();
  #openCount = 0;
  #current: Volume | undefined;
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #removals: Promise<unknown> = Promise.resolve();

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#now = options.now ?? Date.now;
    this.#share = { backlog: 0, maxBody: () => Math.floor(this.#limits.bytes / 4) };
  }

  get size(): number {
    return this.#stored.size;
  }

  /** The newest `count` entries, newest first. */
  newest(count: number): Entry[] {
    return [...this.#stored.values()]
      .slice(-count)
      .toReversed()
      .map((stored) => stored.entry);
  }

  get(key: string): Entry | undefined {
    return this.#stored.get(key)?.entry;
  }

  /** Reads what earlier sessions left. Lines that are damaged are passed over, and logged. */
  async load(): Promise<void> {
    const { folder, log } = this.#options;
    const loaded: [string, Stored][] = [];
    for (const name of await Volume.list(folder)) {
      if ([...this.#volumes].some((volume) => volume.name === name)) continue;
      try {
        const { volume, lines } = await Volume.load(folder, name, (line) => {
          log.warn(`History: line ${line} of ${name} is damaged and is passed over.`);
        });
        for (const { entry, place } of lines) {
          loaded.push([entry.key, { kind: 'ended', entry, volume, place }]);
        }
        this.#volumes.add(volume);
      } catch (error) {
        log.warn(`History: ${name} cannot be read (${errorText(error)}) and is passed over.`);
      }
    }
    loaded.sort(([, a], [, b]) => a.entry.at - b.entry.at);
    const own = this.#stored;
    this.#stored = new Map(loaded);
    for (const stored of this.#stored.values()) {
      if (stored.kind === 'ended') stored.volume.wanted++;
    }
    for (const [key, stored] of own) this.#stored.set(key, stored);
    this.#enforce();
    for (const volume of this.#volumes) this.#removeIfUnwanted(volume);
    this.changed.fire(undefined);
  }

  setLimits(limits: HistoryLimits): void {
    this.#limits = limits;
    if (this.#enforce()) this.changed.fire(undefined);
  }

  /** Lists an exchange that has just arrived. */
  begin(entry: Entry, details: Details): OpenExchange {
    const capture = (side: Side): BodyCapture =>
      new BodyCapture(this.#share, () => {
        const name = `${entry.key}-${side}.bin`;
        const volume = this.#hold(open);
        // Without a volume the file cannot be made either: the capture ends there.
        return { name, path: volume?.path(name) ?? '' };
      });
    const open: OpenExchange = {
      entry,
      details,
      request: capture('request'),
      response: capture('response'),
      volume: undefined,
    };
    const stored: Stored = { kind: 'open', entry, open };
    if (this.#stored.get(entry.key)?.kind !== 'open') this.#openCount++;
    this.#stored.set(entry.key, stored);
    this.changed.fire(entry.key);
    return open;
  }

  /** Shows the entry that an open exchange has now. */
  update(open: OpenExchange): void {
    if (!this.#isOpen(open)) return;
    this.#stored.set(open.entry.key, { kind: 'open', entry: open.entry, open });
    this.changed.fire(open.entry.key);
  }

  /** Takes an open exchange to the disk. Its entry must have its final outcome. */
  end(open: OpenExchange): void {
    if (!this.#isOpen(open)) return;
    const { entry } = open;
    this.#openCount--;
    const request = open.request.finish();
    const response = open.response.finish();
    const volume = this.#hold(open);
    if (volume === undefined) {
      this.#stored.set(entry.key, { kind: 'unkept', entry });
    } else {
      const place = volume.add(entry, JSON.stringify(open.details), request, response);
      this.#stored.set(entry.key, { kind: 'ended', entry, volume, place });
      this.#flushSoon(volume);
    }
    this.#enforce();
    this.changed.fire(entry.key);
    this.ended.fire(entry);
  }

  /** Undefined if the exchange is not known, or its details cannot be read any more. */
  async details(key: string): Promise<Details | undefined> {
    const stored = this.#stored.get(key);
    if (stored === undefined || stored.kind === 'unkept') return undefined;
    if (stored.kind === 'open') return stored.open.details;
    try {
      return decodeDetails(await stored.volume.readDetails(stored.place));
    } catch {
      return undefined;
    }
  }

  /** How many bytes of an open exchange's body have passed by. */
  openBytes(key: string, side: Side): number {
    const stored = this.#stored.get(key);
    return stored?.kind === 'open' ? stored.open[side].size : 0;
  }

  /** How many bytes of a body were kept; undefined while it is still arriving, or if it is lost. */
  keptBytes(key: string, side: Side): number | undefined {
    const stored = this.#stored.get(key);
    if (stored?.kind !== 'ended') return undefined;
    const place = stored.place[side];
    return place.kind === 'none' ? 0 : place.length;
  }

  /** Up to `length` first bytes of an ended exchange's body; undefined if they cannot be read. */
  async body(key: string, side: Side, length = Infinity): Promise<Uint8Array | undefined> {
    const stored = this.#stored.get(key);
    if (stored?.kind !== 'ended') return undefined;
    try {
      return await stored.volume.readBody(stored.place[side], length);
    } catch (error) {
      this.#options.log.warn(`History: the body of ${key} cannot be read (${errorText(error)}).`);
      return undefined;
    }
  }

  /** Forgets every ended exchange and deletes what is on disk, but for other windows' volumes. */
  async clear(): Promise<void> {
    for (const [key, stored] of this.#stored) {
      if (stored.kind !== 'open') this.#forget(key, stored);
    }
    this.#current = undefined;
    this.changed.fire(undefined);
    await Promise.all(
      [...this.#volumes].filter((volume) => volume.wanted === 0).map((one) => this.#remove(one)),
    );
    await this.#removals;
  }

  /** Resolves once every ended exchange is on disk, and what was dropped is not any more. */
  async flush(): Promise<void> {
    await Promise.all([this.#removals, ...[...this.#volumes].map((volume) => volume.flush())]);
  }

  /** Ends what is open as interrupted and writes everything before it returns. */
  closeSync(): void {
    clearTimeout(this.#timer);
    for (const stored of [...this.#stored.values()]) {
      if (stored.kind !== 'open') continue;
      stored.open.entry = { ...stored.entry, outcome: { kind: 'interrupted' } };
      this.end(stored.open);
    }
    clearTimeout(this.#timer);
    for (const volume of this.#volumes) {
      try {
        volume.flushSync();
      } catch (error) {
        this.#options.log.error(`History: the last requests are lost (${errorText(error)}).`);
      }
      volume.release();
    }
  }

  #isOpen(open: OpenExchange): boolean {
    const stored = this.#stored.get(open.entry.key);
    return stored?.kind === 'open' && stored.open === open;
  }

  /** The volume that an open exchange goes to. */
  #hold(open: OpenExchange): Volume | undefined {
    if (open.volume === undefined) {
      open.volume = this.#writable();
      if (open.volume !== undefined) open.volume.wanted++;
    }
    return open.volume;
  }

  #writable(): Volume | undefined {
    const current = this.#current;
    const full =
      current !== undefined &&
      (current.failure !== undefined ||
        current.bytes > this.#limits.bytes / 8 ||
        current.count >= Math.max(250, this.#limits.entries / 4));
    if (current !== undefined && !full) return current;
    if (current?.failure !== undefined) this.#pause(current.failure);
    this.#current = undefined;
    if (current !== undefined) this.#removeIfUnwanted(current);
    if (this.#now() < this.#pausedUntil) return undefined;
    try {
      const time = this.#now().toString(36).padStart(9, '0');
      const name = `v-${time}-${randomBytes(4).toString('hex')}`;
      this.#current = Volume.create(this.#options.folder, name);
      this.#volumes.add(this.#current);
    } catch (error) {
      this.#pause(error);
    }
    return this.#current;
  }

  #pause(error: unknown): void {
    this.#pausedUntil = this.#now() + DISK_PAUSE_MS;
    this.#options.log.error(`History: requests cannot be kept for now (${errorText(error)}).`);
  }

  #flushSoon(volume: Volume): void {
    if (volume.backlog > FLUSH_BYTES) void volume.flush();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, FLUSH_MS);
  }

  /** Drops what is over the limits, oldest first. Tells whether anything was dropped. */
  #enforce(): boolean {
    let dropped = false;
    for (const [key, stored] of this.#stored) {
      if (this.#stored.size - this.#openCount <= this.#limits.entries) break;
      if (stored.kind === 'open') continue;
      this.#forget(key, stored);
      dropped = true;
    }
    let bytes = 0;
    for (const volume of this.#volumes) bytes += volume.bytes;
    for (const volume of this.#volumes) {
      if (bytes <= this.#limits.bytes) break;
      bytes -= volume.bytes;
      if (volume === this.#current) this.#current = undefined;
      for (const [key, stored] of this.#stored) {
        if (stored.kind === 'ended' && stored.volume === volume) this.#forget(key, stored);
      }
      dropped = true;
    }
    return dropped;
  }

  #forget(key: string, stored: Stored): void {
    this.#stored.delete(key);
    if (stored.kind !== 'ended') return;
    stored.volume.wanted--;
    this.#removeIfUnwanted(stored.volume);
  }

  #removeIfUnwanted(volume: Volume): void {
    if (volume.wanted === 0 && volume !== this.#current) void this.#remove(volume);
  }

  async #remove(volume: Volume): Promise<void> {
    this.#volumes.delete(volume);
    const removal = volume.remove();
    this.#removals = Promise.all([this.#removals, removal]);
    await removal;
  }
}

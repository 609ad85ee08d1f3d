import type { Side, ViewedBody } from '../../shared/request-view.ts';
import type { Details } from '../history/entry.ts';
import type { HistoryStore } from '../history/store.ts';
import { decodeContent } from './decode.ts';
import { fieldValue, isShownImage } from './media-type.ts';

/** How much of a body the request view gets, in bytes after Content-Encoding was undone. */
export const VIEW_LIMITS = {
  body: 256 * 1024,
  /** Half an image shows nothing. */
  image: 4 * 1024 * 1024,
} as const;

/** A body, or its beginning, for the request view. */
export async function loadViewedBody(
  history: HistoryStore,
  key: string,
  side: Side,
  details: Details,
): Promise<ViewedBody> {
  const entry = history.get(key);
  if (entry === undefined) return { kind: 'none' };
  if (entry.outcome.kind === 'open') return { kind: 'pending', size: history.openBytes(key, side) };
  const size = side === 'request' ? entry.requestBytes : entry.responseBytes;
  if (size === 0) return { kind: 'none' };
  if (entry.status === 101) {
    return { kind: 'lost', detail: 'What passes through a WebSocket is counted, and not kept.' };
  }
  const fields = fieldsOf(details, side);
  const contentType = fieldValue(fields, 'content-type');
  const limit = isShownImage(contentType) ? VIEW_LIMITS.image : VIEW_LIMITS.body;
  const raw = await history.body(key, side, limit);
  if (raw === undefined) return { kind: 'lost', detail: 'The history does not have it any more.' };
  const kept = history.keptBytes(key, side) ?? 0;
  const { bytes, cut, coding } = await decodeContent(
    raw,
    fieldValue(fields, 'content-encoding'),
    limit,
  );
  return {
    kind: 'bytes',
    bytes,
    cut: cut || raw.length < kept,
    size,
    kept,
    contentType,
    ...(coding === undefined ? {} : { decoded: coding }),
  };
}

/** The whole body up to `limit` bytes, Content-Encoding undone; undefined if it cannot be had. */
export async function loadWholeBody(
  history: HistoryStore,
  key: string,
  side: Side,
  limit: number,
): Promise<{ bytes: Uint8Array; contentType: string; cut: boolean } | undefined> {
  const details = await history.details(key);
  const raw = await history.body(key, side, limit);
  if (details === undefined || raw === undefined) return undefined;
  const fields = fieldsOf(details, side);
  const { bytes, cut } = await decodeContent(raw, fieldValue(fields, 'content-encoding'), limit);
  return {
    bytes,
    contentType: fieldValue(fields, 'content-type'),
    cut: cut || raw.length < (history.keptBytes(key, side) ?? 0),
  };
}

function fieldsOf(details: Details, side: Side): readonly string[] {
  return side === 'request' ? details.requestFields : (details.response?.fields ?? []);
}

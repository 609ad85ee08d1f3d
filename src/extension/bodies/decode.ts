import { createBrotliDecompress, createGunzip, createInflate, constants } from 'node:zlib';

export interface Decoded {
  readonly bytes: Uint8Array;
  /** Whether more than `bytes` would have come out. */
  readonly cut: boolean;
  /** The coding that was undone; undefined if there was none, or it is not known, or it failed. */
  readonly coding: string | undefined;
}

/**
 * Undoes a Content-Encoding, up to `limit` bytes of output, however much that would be in all. The
 * input may be cut: what can be had of it is returned. Bytes that are not what their coding says,
 * or have a coding that is not known, come back as they are.
 */
export async function decodeContent(
  bytes: Uint8Array,
  contentEncoding: string,
  limit: number,
): Promise<Decoded> {
  const coding = contentEncoding.trim().toLowerCase();
  const stream = decoder(coding);
  const asIs = { bytes: bytes.subarray(0, limit), cut: bytes.length > limit, coding: undefined };
  if (stream === undefined || bytes.length === 0) return asIs;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    stream.end(bytes);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } catch {
    if (length === 0) return asIs;
  }
  const whole = Buffer.concat(chunks);
  return { bytes: new Uint8Array(whole.subarray(0, limit)), cut: length > limit, coding };
}

function decoder(
  coding: string,
): ReturnType<typeof createGunzip | typeof createBrotliDecompress> | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      return createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}

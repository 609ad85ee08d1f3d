import { isUtf8 } from 'node:buffer';
import { extensionFor, isShownImage } from './media-type.ts';
import { layOutJson } from './json-layout.ts';
import { hexDump } from './hex-dump.ts';

/** A body as a read-only document of the editor. */
export interface BodyDocument {
  /** With an extension that tells the editor the language or the viewer. */
  readonly extension: string;
  readonly bytes: Uint8Array;
}

/** Limits of a document, in bytes. */
export const DOCUMENT_LIMITS = {
  /** Of a body, after its Content-Encoding was undone; the rest is cut. The editor's own is close. */
  body: 48 * 1024 * 1024,
  /** Of a body that is shown as a hex dump, which is four times as long. */
  hex: 4 * 1024 * 1024,
  /** Of JSON that is laid out; longer JSON stays on its one line. */
  layout: 16 * 1024 * 1024,
} as const;

/**
 * What the editor opens for a body: images and text as they are, JSON of one line laid out over
 * several, anything else as a hex dump.
 */
export function bodyDocument(bytes: Uint8Array, contentType: string): BodyDocument {
  if (isShownImage(contentType)) return { extension: extensionFor(contentType), bytes };
  if (!isText(bytes)) {
    return {
      extension: 'hex.txt',
      bytes: Buffer.from(hexDump(bytes.subarray(0, DOCUMENT_LIMITS.hex))),
    };
  }
  const named = extensionFor(contentType);
  const json = named === 'json' || named === 'bin' ? laidOut(bytes) : undefined;
  if (json !== undefined) return { extension: 'json', bytes: json };
  return { extension: named === 'bin' ? 'txt' : named, bytes };
}

/** UTF-8 without zero bytes. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

/** JSON in lines; undefined if it is not JSON. What has lines, or is very long, is not looked into. */
function laidOut(bytes: Uint8Array): Uint8Array | undefined {
  const first = bytes.find((byte) => byte > 0x20);
  if (first !== 0x7b && first !== 0x5b) return undefined;
  if (bytes.length > DOCUMENT_LIMITS.layout || bytes.includes(0x0a)) return bytes;
  const text = Buffer.from(bytes).toString();
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return Buffer.from(layOutJson(text));
}

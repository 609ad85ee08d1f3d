import {
  fieldValue,
  forwardableFields,
  type ResponseHead,
  WIRE_LIMITS,
} from 'caronte-proxy/protocol';

/** Raw fields as undici gives them, an array of byte arrays, as text; each is Latin-1. */
export function latin1Fields(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((item: unknown) =>
    Buffer.isBuffer(item) ? item.toString('latin1') : String(item),
  );
}

/** What of a target's response head travels on. `reason` is as undici reads it, as UTF-8. */
export function passedHead(
  id: string,
  status: number,
  reason: string,
  raw: readonly string[],
): ResponseHead & { fields: string[] } {
  return { id, status, reason: reasonBytes(reason), fields: forwardableFields(raw, () => false) };
}

/**
 * Whether a head does not fit into its record: the parser bounds the bytes of the fields, but not
 * their number, and each takes two more; rewriting may add to them.
 */
export function isTooLarge({ reason, fields }: ResponseHead): boolean {
  if (fields.length < FEW_ITEMS) return false;
  let size = FIXED_BYTES + reason.length;
  for (const item of fields) size += 1 + item.length;
  return size > WIRE_LIMITS.text;
}

/**
 * Whether a body arrives in a transfer coding beside chunks. Its name belongs to the connection that
 * ends here, and nobody asked for it (RFC 9110 section 10.1.4): callers would get bytes that they
 * cannot read. Old targets say `identity` for none.
 */
export function isCoded(raw: readonly string[]): boolean {
  const coding = fieldValue(raw, 'transfer-encoding');
  return coding !== undefined && !/^(?:chunked|identity)$/i.test(coding.trim());
}

/** Whether a number holds its length to the byte, if it has one; the proxy takes no other. */
export function isCountable(raw: readonly string[]): boolean {
  const length = fieldValue(raw, 'content-length');
  return length === undefined || length.length <= MAX_DIGITS;
}

/** Any number of so many digits is exact. */
const MAX_DIGITS = 15;

/** Half the limit of the record is left for what comes on top of so few names and values. */
const FEW_ITEMS = 1_000;

/** Id, status, and what parts them. */
const FIXED_BYTES = 38;

/** A reason phrase is cut here, in bytes. Nobody needs one, and the parser does not bound it. */
const MAX_REASON = 1_024;

/** A reason phrase is one line; on the wire it is bytes. */
function reasonBytes(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1', 0, MAX_REASON)
    .replace(/[\r\n\0]/g, ' ');
}

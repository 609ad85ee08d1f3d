import { forwardableFields, type ResponseHead } from 'caronte-proxy/protocol';

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

/** A reason phrase is one line; on the wire it is bytes. */
function reasonBytes(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[\r\n\0]/g, ' ');
}

/** A field of a form. */
export interface FormField {
  readonly name: string;
  readonly value: string;
}

/** Reads `application/x-www-form-urlencoded`, as the URL standard has it. */
export function parseForm(text: string): FormField[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? { name: decode(pair), value: '' }
        : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) };
    });
}

/** What is not valid stays as it is written. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** A part of a multipart body. */
export interface FormPart {
  readonly name: string | undefined;
  readonly fileName: string | undefined;
  /** Empty if the part does not say. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** False if the body ends before the part does. */
  readonly complete: boolean;
}

/** The boundary in a Content-Type (RFC 2046 section 5.1.1). */
export function boundaryOf(contentType: string): string | undefined {
  const found = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Parts that are read; what comes after them is left out. */
const MAX_PARTS = 200;

/** Splits a multipart body. Undefined if it does not begin with its boundary. */
export function parseMultipart(body: Uint8Array, boundary: string): FormPart[] | undefined {
  // Latin-1 has one character for each byte, so that places in the text are places in the body.
  const text = new TextDecoder('latin1').decode(body);
  const mark = `--${boundary}`;
  let at = text.startsWith(mark) ? 0 : text.indexOf(`\r\n${mark}`) + 2;
  if (at === 1) return undefined;
  const parts: FormPart[] = [];
  while (parts.length < MAX_PARTS) {
    at += mark.length;
    if (text.startsWith('--', at)) break;
    const headStart = text.indexOf('\r\n', at);
    const headEnd = headStart < 0 ? -1 : text.indexOf('\r\n\r\n', headStart);
    if (headEnd < 0) break;
    const next = text.indexOf(`\r\n${mark}`, headEnd + 2);
    const bytes = body.subarray(headEnd + 4, next < 0 ? undefined : next);
    parts.push({ ...readHead(text.slice(headStart + 2, headEnd)), bytes, complete: next >= 0 });
    if (next < 0) break;
    at = next + 2;
  }
  return parts;
}

function readHead(head: string): Pick<FormPart, 'name' | 'fileName' | 'contentType'> {
  const lines = head.split('\r\n');
  const value = (name: string): string =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  const disposition = value('content-disposition');
  return {
    name: parameter(disposition, 'name'),
    fileName: parameter(disposition, 'filename'),
    contentType: value('content-type'),
  };
}

function parameter(value: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]*))`, 'i').exec(value);
  return found?.[1]?.replace(/\\(.)/g, '$1') ?? found?.[2];
}

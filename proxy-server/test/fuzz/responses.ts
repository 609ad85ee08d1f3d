/** Where the first response in a text ends, the 1xx before it included; undefined if not yet. */
export function endOfResponse(text: string, method: string): number | undefined {
  let start = 0;
  for (;;) {
    const headEnd = text.indexOf('\r\n\r\n', start);
    if (headEnd < 0) return undefined;
    const head = text.slice(start, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) throw new Error(`no response: ${JSON.stringify(head)}`);
    const bodyStart = headEnd + 4;
    if (status < 200) start = bodyStart;
    else if (method === 'HEAD' || status === 204 || status === 304) return bodyStart;
    else return endOfBody(text, head, bodyStart);
  }
}

function endOfBody(text: string, head: string, start: number): number | undefined {
  if (/\r\nTransfer-Encoding: chunked(?:\r\n|$)/.test(head)) return endOfChunks(text, start);
  const length = /\r\nContent-Length: (\d+)(?:\r\n|$)/i.exec(head)?.[1];
  // Without either it would end with the connection, which no answer to HTTP/1.1 here does.
  if (length === undefined) throw new Error(`no framing: ${JSON.stringify(head)}`);
  const end = start + Number(length);
  return text.length >= end ? end : undefined;
}

function endOfChunks(text: string, start: number): number | undefined {
  let at = start;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) throw new Error('no chunk size');
    if (size === 0) {
      // No trailers: an empty line follows at once. With them it follows later.
      const end = text.indexOf('\r\n\r\n', line);
      return end < 0 ? undefined : end + 4;
    }
    at = line + 2 + size + 2;
    if (at > text.length) return undefined;
  }
}

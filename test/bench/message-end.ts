const HEAD_END = '\r\n\r\n';

/**
 * Finds where HTTP/1.1 messages with a Content-Length end on a connection, at next to no cost: most
 * messages of a run have the same length, and arrive in one piece.
 */
export class MessageEnd {
  #head = '';
  /** Bytes of the body that have not come yet; -1 while the head is being read. */
  #missing = -1;
  #usual = { head: -1, whole: -1 };

  /** Takes a piece; true if it is the last one of a message. */
  push(chunk: Buffer): boolean {
    if (this.#missing < 0 && this.#head === '' && this.#isUsual(chunk)) return true;
    let body = chunk.length;
    if (this.#missing < 0) {
      const inOnePiece = this.#head === '';
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) return false;
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1];
      if (length === undefined) throw new Error('a message has no Content-Length');
      this.#missing = Number(length);
      body = this.#head.length - end - HEAD_END.length;
      if (inOnePiece && body === this.#missing) this.#usual = { head: end, whole: chunk.length };
      this.#head = '';
    }
    this.#missing -= body;
    if (this.#missing > 0) return false;
    this.#missing = -1;
    return true;
  }

  #isUsual(chunk: Buffer): boolean {
    const { head, whole } = this.#usual;
    return (
      chunk.length === whole && chunk.toString('latin1', head, head + HEAD_END.length) === HEAD_END
    );
  }
}

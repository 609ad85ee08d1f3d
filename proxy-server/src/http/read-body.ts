import type { IncomingMessage } from 'node:http';
import { sayContinue } from './continue.ts';

/** A body is larger than its reader allows. */
export class TooLargeError extends Error {
  constructor(max: number) {
    super(`the body is larger than ${max} bytes`);
    this.name = 'TooLargeError';
  }
}

/** Reads a whole body of at most `max` bytes. Rejects with {@link TooLargeError}, or if it breaks off. */
export function readBody(request: IncomingMessage, max: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    sayContinue(request);
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > max) reject(new TooLargeError(max));
      else chunks.push(chunk);
    });
    request.on('end', () => {
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the body broke off'));
    });
  });
}

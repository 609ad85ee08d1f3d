import type { ServerResponse } from 'node:http';
import {
  encodeAbort,
  encodeEnd,
  RECORD,
  recordHeader,
  RECORDS_TYPE,
  SILENCE_MS,
  VERSION_BYTE,
  WIRE_LIMITS,
} from '../protocol/index.ts';
import type { Clock, Exchange } from '../routing/index.ts';

/**
 * Answers an agent's fetch of a request body: DATA as the caller sends it, at the pace of the
 * slower side, then END, or ABORT if the caller broke off. False if the body was fetched before.
 */
export function answerBody(response: ServerResponse, exchange: Exchange, clock: Clock): boolean {
  const { body } = exchange;
  let silent = true;
  const began = body.stream({
    write: (piece) => {
      open(response);
      silent = false;
      let room = true;
      for (let at = 0; at < piece.length; at += WIRE_LIMITS.data) {
        const part = piece.subarray(at, at + WIRE_LIMITS.data);
        response.cork();
        response.write(recordHeader(RECORD.data, part.length), 'latin1');
        room = response.write(part);
        response.uncork();
      }
      return room;
    },
    end: (trailers) => {
      open(response);
      response.end(encodeEnd(trailers), 'latin1');
    },
    abort: (reason) => {
      open(response);
      response.end(encodeAbort(reason), 'latin1');
    },
  });
  if (!began) return false;
  open(response);
  const beat = clock.after(SILENCE_MS, () => {
    if (silent && !response.writableEnded && response.writableLength === 0) {
      response.write(recordHeader(RECORD.data, 0), 'latin1');
    }
    silent = true;
    beat.refresh();
  });
  response.on('drain', () => body.resume());
  response.on('close', () => {
    beat.cancel();
    // A target may answer without having read everything; the reply is what counts.
    if (!response.writableFinished) body.discard();
  });
  return true;
}

function open(response: ServerResponse): void {
  if (response.headersSent) return;
  response.writeHead(200, ['Content-Type', RECORDS_TYPE, 'Cache-Control', 'no-store']);
  response.write(Buffer.from([VERSION_BYTE]));
}

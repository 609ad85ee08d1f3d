import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { breakBody, refuseConnection } from './http/index.ts';
import type { Problem } from './protocol/index.ts';

/**
 * Answers what Node's parser refused: a head, which nothing else sees, or the body of the request
 * that `latest`, the last response on the connection, belongs to. Closes the connection in any case.
 */
export function refuseUnparsed(
  error: NodeJS.ErrnoException,
  socket: Socket,
  latest: ServerResponse | undefined,
): void {
  const { code = '' } = error;
  // What TLS refuses could be answered in no way that the other end reads.
  if (code === 'ECONNRESET' || /^ERR_(?:SSL|TLS)_/.test(code)) return void socket.destroy();
  // Refused already. The parser complains of all that still comes, which is dropped: a close with
  // bytes unread would be a reset, and the answer lost (RFC 9112 section 9.6).
  if (socket.writableEnded) return;
  if (latest === undefined || latest.writableFinished) {
    if (socket.writable) refuseConnection(socket, parserProblem(code));
    else socket.destroy();
  } else if (isOfBody(code, latest)) {
    breakBody(latest, parserProblem(code));
  } else {
    // It must not be written into while an answer is owed.
    socket.destroy();
  }
}

/** Whether the body of that request is what is wrong, and the answer to it may be given now. */
function isOfBody(code: string, { req, socket }: ServerResponse): boolean {
  // A FIN in the middle of the body says that the caller is gone.
  const isLeft = code === 'HPE_INVALID_EOF_STATE';
  return code.startsWith('HPE_') && !isLeft && !req.complete && socket !== null;
}

function parserProblem(code: string): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        code: 'head_too_large',
        detail: 'The request head, or trailers, are over the limit.',
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { code: 'upload_stalled', detail: 'The request head did not arrive in time.' };
    default:
      return { code: 'bad_request', detail: 'The request is not valid HTTP/1.1.' };
  }
}

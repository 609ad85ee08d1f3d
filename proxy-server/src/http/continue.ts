import type { IncomingMessage, ServerResponse } from 'node:http';

const HELD = Symbol('the response that may still say 100');

type HeldRequest = IncomingMessage & { [HELD]?: ServerResponse | undefined };

/**
 * Notes that the request's sender waits for 100 Continue with its body. It does not hear it before
 * somebody wants that body: who is refused is spared sending it (RFC 9110 section 10.1.1), and Node
 * closes the connection after such an answer, since the body may come all the same.
 */
export function holdContinue(request: IncomingMessage, response: ServerResponse): void {
  (request as HeldRequest)[HELD] = response;
}

/** The body is wanted. To be called before an answer has begun; once is enough. */
export function sayContinue(request: IncomingMessage): void {
  const held = request as HeldRequest;
  held[HELD]?.writeContinue();
  held[HELD] = undefined;
}

import type { ServerResponse } from 'node:http';

/** Answers 200 with a JSON document that is good for this once. */
export function answerJson(response: ServerResponse, value: object): void {
  const document = Buffer.from(JSON.stringify(value));
  response.writeHead(200, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(document.length),
    'Cache-Control',
    'no-store',
  ]);
  response.end(document);
}

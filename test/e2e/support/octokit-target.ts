/**
 * A target as an application that receives GitHub's webhooks would be: it checks each signature over
 * the raw body with GitHub's own library. The secret is the first argument.
 *
 *     204   the signature is right; `X-Delivery` repeats the delivery's id
 *     401   it is not
 */
import { verify } from '@octokit/webhooks-methods';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const [secret = ''] = process.argv.slice(2);

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces).toString('utf8');
  const signature = String(request.headers['x-hub-signature-256']);
  const right = await verify(secret, body, signature);
  response.writeHead(right ? 204 : 401, {
    'X-Delivery': String(request.headers['x-github-delivery']),
    'X-Event': String(request.headers['x-github-event']),
  });
  response.end();
}

const server = createServer((request, response) => void receive(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`);
});

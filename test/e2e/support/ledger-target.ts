/**
 * A target as a process of its own, so that it can be killed: `ledger-target.ts <port> <ledger>`.
 * It answers with a hash of what it got, and writes each request into its ledger the moment the
 * head is there and again when the body is whole; what a killed process has written stays.
 *
 * A request is identified by `X-Nonce`; `X-Do` says what to answer:
 *
 *     hash          the hash of nonce and body (the default)
 *     echo          the body
 *     wait <ms>     the hash, after a pause
 *     drip <count>  so many pieces of 1 KiB, one every 10 ms, with no length announced
 *     pipe          the body, each piece as it arrives
 *     break         half of the body, then the end of the connection
 *     drop          the end of the connection
 */
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const [port = '0', ledgerFile = ''] = process.argv.slice(2);
const ledger = openSync(ledgerFile, 'a');
const PIECE = Buffer.alloc(1024, 'drip');
const DRIP_MS = 10;

function note(event: 'head' | 'whole', nonce: string, more: object): void {
  writeSync(ledger, `${JSON.stringify({ event, nonce, ...more })}\n`);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const nonce = String(request.headers['x-nonce'] ?? '');
  const [what = 'hash', amount = '0'] = String(request.headers['x-do'] ?? 'hash').split(' ');
  const { 'caronte-delivery': delivery, 'caronte-attempt': attempt } = request.headers;
  note('head', nonce, { delivery, attempt });
  const hash = createHash('sha256').update(nonce);
  const pieces: Buffer[] = [];
  response.setHeader('X-Nonce', nonce);
  request.on('data', (piece: Buffer) => {
    hash.update(piece);
    if (what === 'pipe') response.write(piece);
    else if (what === 'echo' || what === 'break') pieces.push(piece);
  });
  request.on('end', () => {
    const digest = hash.digest('hex');
    note('whole', nonce, { hash: digest });
    if (what === 'pipe') response.end();
    else if (what === 'drop') request.socket.destroy();
    else if (what === 'break') breakOff(response, Buffer.concat(pieces));
    else if (what === 'drip') drip(response, Number(amount));
    else if (what === 'wait') setTimeout(() => response.end(digest), Number(amount));
    else response.end(what === 'echo' ? Buffer.concat(pieces) : digest);
  });
}

function drip(response: ServerResponse, count: number): void {
  let left = count;
  const timer = setInterval(() => {
    response.write(PIECE);
    left -= 1;
    if (left === 0) response.end();
  }, DRIP_MS);
  response.on('close', () => clearInterval(timer));
  response.on('finish', () => clearInterval(timer));
}

function breakOff(response: ServerResponse, body: Buffer): void {
  response.write(body.subarray(0, body.length / 2), () => response.socket?.destroy());
}

const server = createServer({ keepAliveTimeout: 60_000 }, answer);
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`);
});

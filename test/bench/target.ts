import { createServer } from 'node:net';
import { MessageEnd } from './message-end.ts';

/** A target that costs little: answers every request with the same bytes as soon as it is there. */
const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\nConnection: keep-alive\r\n\r\n{"status":"ok"}',
);

const server = createServer({ noDelay: true }, (socket) => {
  const end = new MessageEnd();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (end.push(chunk)) socket.write(ANSWER);
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));

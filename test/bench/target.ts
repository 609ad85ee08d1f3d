import { createServer } from 'node:net';

/** A target that costs little: answers every request with the same bytes as soon as it is there. */
const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\nConnection: keep-alive\r\n\r\n{"status":"ok"}',
);

const server = createServer({ noDelay: true }, (socket) => {
  let text = '';
  let missing = -1;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let body = chunk.length;
    if (missing < 0) {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      missing = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      body = text.length - end - 4;
      text = '';
    }
    missing -= body;
    if (missing > 0) return;
    missing = -1;
    socket.write(ANSWER);
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));

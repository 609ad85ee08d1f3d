import { createServer } from 'node:http';

/** The target of `slow.ts`, in a process of its own: what is measured must not wait for it. */
const large = Buffer.alloc(256 * 1024, 'l');
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end(request.url === '/large' ? large : 'good'));
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }));
});

import { createServer } from 'node:http';
import { Pool } from 'undici';

/** The yardstick: a plain reverse proxy of node:http and undici, with no tunnel in between. */
const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { pipelining: 1 });

const server = createServer((request, response) => {
  const fields: string[] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? '';
    if (!/^(connection|host|transfer-encoding)$/i.test(name)) {
      fields.push(name, request.rawHeaders[at + 1] ?? '');
    }
  }
  const hasBody =
    request.headers['content-length'] !== undefined ||
    request.headers['transfer-encoding'] !== undefined;
  const { method = 'GET', url = '/' } = request;
  pool.stream(
    { method, path: url, headers: fields, body: hasBody ? request : null },
    ({ statusCode, headers }) => {
      delete headers['connection'];
      response.writeHead(statusCode, headers);
      return response;
    },
    (error) => {
      if (error !== null) response.destroy(error);
    },
  );
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));

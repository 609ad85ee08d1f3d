import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import {
  byLikelihood,
  isListening,
  listeningPorts,
  parseSocketTable,
} from '../../../src/extension/tunnel/listening-ports.ts';
import { nameFromCommandLine } from '../../../src/extension/tunnel/processes.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 111 1 0 100 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 1 1 0 100 0
   2: 0100007F:1234 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000  1000 0 1 1 0 100 0
   3: 0A00020F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 1 1 0 100 0
`;

describe('listening ports', () => {
  it('are read from the system’s table: only what listens, and can be reached as localhost', () => {
    assert.deepEqual(parseSocketTable(TABLE), [
      { port: 3000, inode: '111' },
      { port: 8080, inode: '1' },
    ]);
    assert.deepEqual(parseSocketTable(''), []);
  });

  it('come with the likeliest first', () => {
    assert.deepEqual(
      byLikelihood([40_000, 22, 7777, 8080, 3000, 3000]),
      [3000, 8080, 7777, 22, 40_000],
    );
  });

  it('do not count where this process listens: that is the editor', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const own = typeof address === 'object' ? address?.port : undefined;
    const found = await listeningPorts();
    assert.ok(process.platform !== 'linux' || found.every(({ port }) => port !== own));
    await new Promise((resolve) => server.close(resolve));
  });

  it('are named after the program, and what it runs', () => {
    const name = (...words: string[]): unknown => nameFromCommandLine(words.join('\0'));
    assert.equal(
      name('/usr/bin/node', '--inspect', '/home/me/app/server.js', '--key=x', ''),
      'node server.js',
    );
    assert.equal(name('python3', '-m', 'http.server', '8000'), 'python3 http.server');
    assert.equal(name('/usr/sbin/nginx: master process'), 'nginx:');
    assert.equal(name('docker-proxy', '-proto', 'tcp'), 'docker-proxy');
    assert.equal(name(''), undefined);
  });

  it('are told from those where nothing listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    assert.equal(await isListening('127.0.0.1', port), true);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await isListening('127.0.0.1', port), false);
  });
});

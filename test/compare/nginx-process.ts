import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The configuration that docs/hosting.md advises, in front of the target alone. */
function configuration(port: number, targetPort: number, folder: string): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${folder}/${kind};`)
    .join('\n');
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
${places}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${targetPort};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_buffering off;
      client_max_body_size 0;
    }
  }
}
`;
}

/** nginx on loopback, as a child process. */
export class Nginx {
  readonly port: number;
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, version: string, child: ChildProcess, folder: string) {
    this.port = port;
    this.version = version;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(targetPort: number): Promise<Nginx> {
    const { stderr, error } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
    const version = /nginx\/([\d.]+)/.exec(stderr ?? '')?.[1];
    if (error !== undefined || version === undefined) {
      throw new Error(
        'nginx is not there: install it (Debian, Ubuntu: apt-get install nginx-light)',
      );
    }
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'caronte-nginx-'));
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(port, targetPort, folder));
    const child = spawn('nginx', ['-c', file, '-p', folder], { stdio: 'inherit' });
    const nginx = new Nginx(port, version, child, folder);
    for (let look = 0; look < 100; look += 1) {
      if (await listens(port)) return nginx;
      await delay(50);
    }
    await nginx.stop();
    throw new Error(`nginx does not listen on ${port}`);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

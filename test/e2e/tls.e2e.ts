import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { jsonLine } from './support/json-lines.ts';
import { Program } from './support/program.ts';
import { ok, type RawRequest, type RawTarget } from './support/raw-target.ts';
import { type Rig, useRig } from './support/rig.ts';
import { SOON, until, within } from './support/waiting.ts';

const CERTIFICATES = new URL('../../proxy-server/test/support/certificates/', import.meta.url);

function certificateFile(name: string): string {
  return fileURLToPath(new URL(name, CERTIFICATES));
}

const BOTH = ['first.pem', 'second.pem'].map((name) => readFileSync(certificateFile(name), 'utf8'));

/** A proxy with the certificate `first` and a secret in files, and an agent that trusts both. */
async function tunnel(rig: Rig, target: RawTarget) {
  const folder = rig.folder();
  const files = {
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    secret: join(folder, 'secret'),
  };
  copyFileSync(certificateFile('first.pem'), files.cert);
  copyFileSync(certificateFile('first.key'), files.key);
  writeFileSync(files.secret, rig.secret);
  const { proxy, port } = await secureProxy(rig, files);
  const agent = startAgent(rig, port, target.port);
  await jsonLine(agent, { event: 'state', state: 'live' });
  return { proxy, agent, port, files };
}

async function secureProxy(
  rig: Rig,
  files: { readonly cert: string; readonly key: string; readonly secret: string },
): Promise<{ readonly proxy: Program; readonly port: number }> {
  const address = ['--host', '127.0.0.1', '--port', '0', '--domain', 'example.dev'];
  const tls = ['--tls-cert', files.cert, '--tls-key', files.key, '--secret-file', files.secret];
  const proxy = rig.caronte(['proxy', ...address, ...tls], { secret: null });
  const line = await jsonLine(proxy, { msg: 'listening' });
  return { proxy, port: Number(line['port']) };
}

function startAgent(
  rig: Rig,
  port: number,
  targetPort: number,
  { secret = rig.secret, flags = [] }: { secret?: string; flags?: readonly string[] } = {},
): Program {
  const cwd = rig.folder();
  const authorities = join(cwd, 'authorities.pem');
  writeFileSync(authorities, BOTH.join(''));
  const to = ['--proxy-url', `https://localhost:${port}`, '--target-port', String(targetPort)];
  const more = ['--code', 'orders', '--send-reply', '--log-format', 'json', ...flags];
  const env = { CARONTE_SECRET: secret, NODE_EXTRA_CA_CERTS: authorities };
  return rig.add(Program.caronte(['agent', ...to, ...more], { cwd, env }));
}

/** Asks for a path on the tunnel's own origin, on a connection of its own. */
async function ask(port: number, path: string): Promise<string> {
  const options = { port, host: '127.0.0.1', path, ca: BOTH, agent: false };
  const request = get({ ...options, servername: 'orders.example.dev', headers: HOST });
  const [response] = await within(SOON, 'response', once(request, 'response'));
  return (await buffer(response)).toString();
}

const HOST = { Host: 'orders.example.dev' };

/** The name in the certificate that a new connection gets to see. */
async function certificateName(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca: BOTH });
  await within(SOON, 'handshake', once(socket, 'secureConnect'));
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

describe('a proxy with TLS of its own', () => {
  const rig = useRig();

  it('carries exchanges, and says https everywhere', async () => {
    const target = await rig().rawTarget((request, socket) => socket.write(ok(request.path)));
    const { proxy, agent, port } = await tunnel(rig(), target);
    assert.equal(await ask(port, '/a?b'), '/a?b');
    const { fields } = target.requests[0] as RawRequest;
    const proto = fields.find(([name]) => name === 'X-Forwarded-Proto');
    assert.deepEqual(proto, ['X-Forwarded-Proto', 'https']);
    const state = await jsonLine(agent, { event: 'state', state: 'live' });
    assert.deepEqual(state['urls'], [`https://orders.example.dev:${port}/`]);
    await proxy.text(/"url":"https:\/\/127\.0\.0\.1:\d+\/forward\//);
  });

  it('takes a renewed certificate at SIGHUP, and no exchange is lost', async () => {
    let release: () => void = () => undefined;
    const target = await rig().rawTarget(({ path }, socket) => {
      if (path === '/slow') release = () => socket.write(ok('slow'));
      else socket.write(ok(path));
    });
    const { proxy, port, files } = await tunnel(rig(), target);
    assert.equal(await certificateName(port), 'first');
    const slow = ask(port, '/slow');
    await until(() => target.requests.length === 1, 'request at the target');

    copyFileSync(certificateFile('second.pem'), files.cert);
    copyFileSync(certificateFile('second.key'), files.key);
    proxy.signal('SIGHUP');
    await jsonLine(proxy, { msg: 'certificate and secrets read again' });
    assert.equal(await certificateName(port), 'second');
    release();
    assert.equal(await slow, 'slow');
    assert.equal(await ask(port, '/after'), '/after');
  });

  it('keeps what it has if the new files do not fit, and says so', async () => {
    const target = await rig().rawTarget((request, socket) => socket.write(ok(request.path)));
    const { proxy, port, files } = await tunnel(rig(), target);
    copyFileSync(certificateFile('second.pem'), files.cert);
    writeFileSync(files.secret, 'not-to-be-used-by-anybody');
    proxy.signal('SIGHUP');
    const { text } = await proxy.text(/"level":"error".*is not the key of the certificate/);
    assert.match(text, /not read again/);
    assert.equal(await certificateName(port), 'first');
    assert.equal(await ask(port, '/after'), '/after');
  });

  it('takes other secrets at SIGHUP: the old agent stops, one with the new secret serves', async () => {
    const target = await rig().rawTarget((request, socket) => socket.write(ok(request.path)));
    const { proxy, agent, port, files } = await tunnel(rig(), target);
    const fresh = `${rig().secret}-next`;
    writeFileSync(files.secret, `${rig().secret}\n${fresh}\n`);
    proxy.signal('SIGHUP');
    await jsonLine(proxy, { msg: 'certificate and secrets read again' });
    assert.equal(await ask(port, '/both'), '/both');

    writeFileSync(files.secret, `${fresh}\n`);
    const from = proxy.mark();
    proxy.signal('SIGHUP');
    await jsonLine(proxy, { msg: 'certificate and secrets read again' }, { from });
    const next = startAgent(rig(), port, target.port, {
      secret: fresh,
      flags: ['--takeover'],
    });
    await jsonLine(next, { event: 'state', state: 'live' });
    await within(SOON, 'end of the first agent', agent.ended);
    assert.equal(await ask(port, '/next'), '/next');
  });

  it('does not start with a key of another certificate', async () => {
    const tls = [certificateFile('first.pem'), '--tls-key', certificateFile('second.key')];
    const proxy = rig().caronte(['proxy', '--port', '0', '--tls-cert', ...tls]);
    assert.deepEqual(await within(SOON, 'end', proxy.ended), { code: 2, signal: null });
    assert.match(proxy.output, /^error: .*second\.key: is not the key of the certificate in /m);
  });
});

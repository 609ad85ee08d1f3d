import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { call, field } from './support/caller.ts';
import { expectProblem } from './support/problem.ts';
import { useRig } from './support/rig.ts';
import { CERTIFICATE, serve, TLS, tunnelTo } from './support/target-tunnel.ts';

/** Says which Host it was sent. */
const tellHost: RequestListener = (request, response) => {
  response.end(`${request.headers.host} ${request.url}`);
};

describe('a target', () => {
  const rig = useRig();

  it('may speak TLS with a certificate of an authority that the agent is told of', async () => {
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, tellHost, TLS);
    const target = `https://localhost:${port}`;
    const tunnel = await tunnelTo(rig(), target, ['--target-ca', CERTIFICATE]);
    const answer = await call(tunnel.port, { path: `${tunnel.base}/a` });
    assert.equal(answer.body.toString(), `localhost:${port} /a`);
  });

  it('may speak TLS with any certificate if the agent is told not to look', async () => {
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, tellHost, TLS);
    // The certificate does not name this address.
    const target = `https://127.0.0.2:${port}`;
    const loopback = await serve(rig(), { host: '127.0.0.2', port }, tellHost, TLS);
    assert.equal(loopback, port);
    const tunnel = await tunnelTo(rig(), target, ['--target-insecure']);
    const answer = await call(tunnel.port, { path: `${tunnel.base}/a` });
    assert.equal(answer.body.toString(), `127.0.0.2:${port} /a`);
  });

  it('with a certificate of nobody’s is refused, and the flags that help are named', async () => {
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, tellHost, TLS);
    const flags = ['--target-max-attempts', '1'];
    const tunnel = await tunnelTo(rig(), `https://localhost:${port}`, flags);
    const answer = await call(tunnel.port, { path: `${tunnel.base}/a` });
    const detail = expectProblem(answer, 502, 'target_unreachable');
    assert.match(detail, /TLS failed: self-signed certificate; --target-ca .* --target-insecure/);
  });

  it('with a certificate for another name is refused, whatever Host it is sent', async () => {
    const port = await serve(rig(), { host: '127.0.0.2', port: 0 }, tellHost, TLS);
    const flags = ['--target-ca', CERTIFICATE, '--host-header', 'localhost'];
    const target = `https://127.0.0.2:${port}`;
    const once = ['--target-max-attempts', '1'];
    const tunnel = await tunnelTo(rig(), target, [...flags, ...once]);
    const answer = await call(tunnel.port, { path: `${tunnel.base}/a` });
    assert.match(expectProblem(answer, 502, 'target_unreachable'), /does not match/);
  });

  it('with TLS keeps its connection although callers’ Hosts differ', async () => {
    const sockets = new Set<unknown>();
    const listener: RequestListener = (request, response) => {
      sockets.add(request.socket);
      tellHost(request, response);
    };
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, listener, TLS);
    const flags = ['--target-ca', CERTIFICATE, '--host-header', 'preserve'];
    const tunnel = await tunnelTo(rig(), `https://127.0.0.1:${port}`, flags);
    for (const host of ['a.example', 'b.example:81', '127.0.0.1']) {
      const answer = await call(tunnel.port, { path: `${tunnel.base}/`, fields: [['Host', host]] });
      assert.equal(answer.body.toString(), `${host} /`);
    }
    assert.equal(sockets.size, 1);
  });

  for (const host of ['::1', '127.0.0.1']) {
    it(`named localhost is found where it only listens on ${host}`, async () => {
      const port = await serve(rig(), { host, port: 0 }, tellHost);
      const tunnel = await tunnelTo(rig(), `http://localhost:${port}`);
      const answer = await call(tunnel.port, { path: `${tunnel.base}/a` });
      assert.equal(answer.body.toString(), `localhost:${port} /a`);
    });
  }

  it('may have an IPv6 address', async () => {
    const port = await serve(rig(), { host: '::1', port: 0 }, tellHost);
    const tunnel = await tunnelTo(rig(), `http://[::1]:${port}`);
    const answer = await call(tunnel.port, { path: `${tunnel.base}/a` });
    assert.equal(answer.body.toString(), `[::1]:${port} /a`);
  });

  it('may be a Unix socket', async () => {
    const path = join(rig().folder(), 'app.sock');
    await serve(rig(), { path }, tellHost);
    const tunnel = await tunnelTo(rig(), `unix:${path}`);
    const answer = await call(tunnel.port, { path: `${tunnel.base}//a/../b?` });
    assert.equal(answer.body.toString(), 'localhost //a/../b?');
  });

  it('may be a Unix socket that comes to be while a caller waits, or never', async () => {
    const path = join(rig().folder(), 'app.sock');
    const tunnel = await tunnelTo(rig(), `unix:${path}`, ['--target-max-attempts', '2']);
    const lost = await call(tunnel.port, { path: `${tunnel.base}/` });
    const detail = expectProblem(lost, 502, 'target_unreachable');
    assert.equal(detail, `unix:${path}: there is no such socket after 2 attempts`);
    await serve(rig(), { path }, tellHost);
    assert.equal((await call(tunnel.port, { path: `${tunnel.base}/` })).status, 200);
  });

  it('gets its own Host, the caller’s, or a fixed one', async () => {
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, tellHost);
    const target = `http://127.0.0.1:${port}`;
    const fields = [['hOST', 'Tunnel.Example:81']] as const;
    for (const [mode, host] of [
      ['target', `127.0.0.1:${port}`],
      ['preserve', 'Tunnel.Example:81'],
      ['app.example', 'app.example'],
    ] as const) {
      const tunnel = await tunnelTo(rig(), target, ['--host-header', mode]);
      const answer = await call(tunnel.port, { path: `${tunnel.base}/`, fields });
      assert.equal(answer.body.toString(), `${host} /`);
    }
  });

  it('is not chosen by anything in a request, and its redirects are not followed', async () => {
    let strangers = 0;
    const elsewhere = await serve(rig(), { host: '127.0.0.1', port: 0 }, (_request, response) => {
      strangers += 1;
      response.end();
    });
    const location = `http://127.0.0.1:${elsewhere}/`;
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, (_request, response) => {
      response.writeHead(307, { location }).end();
    });
    const { base, ...tunnel } = await tunnelTo(rig(), `http://127.0.0.1:${port}`);
    for (const path of [
      '/',
      `//127.0.0.1:${elsewhere}/`,
      `/${location}`,
      `/@127.0.0.1:${elsewhere}`,
    ]) {
      const answer = await call(tunnel.port, {
        path: base + path,
        fields: [
          ['Host', `127.0.0.1:${elsewhere}`],
          ['X-Forwarded-Host', `127.0.0.1:${elsewhere}`],
        ],
      });
      assert.deepEqual([answer.status, field(answer, 'location')], [307, location]);
    }
    assert.equal(strangers, 0);
  });

  it('may have its redirects and cookies made to lead through the tunnel', async () => {
    const port = await serve(rig(), { host: '127.0.0.1', port: 0 }, (request, response) => {
      response.writeHead(302, [
        ...['Location', request.url === '/own' ? `http://127.0.0.1:${port}/login` : '/login'],
        ...['Set-Cookie', 'a=1; Path=/', 'set-cookie', 'b=2; Path=/app', 'X-Path', '/'],
      ]);
      response.end();
    });
    const target = `http://127.0.0.1:${port}`;
    const paths = await tunnelTo(rig(), target, ['--rewrite-paths']);
    for (const path of ['/own', '/absolute']) {
      const answer = await call(paths.port, { path: paths.base + path });
      assert.deepEqual(answer.fields.slice(0, 4), [
        ['Location', '/forward/orders/login'],
        ['Set-Cookie', 'a=1; Path=/forward/orders/'],
        ['set-cookie', 'b=2; Path=/forward/orders/app'],
        ['X-Path', '/'],
      ]);
    }
    const plain = await tunnelTo(rig(), target);
    const answer = await call(plain.port, { path: `${plain.base}/own` });
    assert.equal(field(answer, 'location'), `http://127.0.0.1:${port}/login`);
    assert.equal(field(answer, 'set-cookie'), 'a=1; Path=/, b=2; Path=/app');
  });

  it('that is the proxy itself makes a 508 and no loop', async () => {
    const { port } = await rig().proxy();
    const agent = rig().agent({ port, code: 'orders', targetPort: port }, ['--send-reply']);
    await agent.text(/"live"/);
    const answer = await call(port, { path: '/forward/orders/forward/orders/forward/orders/a' });
    // It came through the tunnel, so that it is not marked as the proxy's own any more.
    assert.equal(answer.status, 508);
    assert.match(answer.body.toString(), /"code":"loop_detected"/);
  });
});

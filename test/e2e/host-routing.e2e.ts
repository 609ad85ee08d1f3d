import assert from 'node:assert/strict';
import { type Answer, call, field } from './support/caller.ts';
import { jsonLine } from './support/json-lines.ts';
import { valuesOf } from './support/message.ts';
import { ok, type RawRequest, type RawTarget, responseText } from './support/raw-target.ts';
import { type Rig, useRig } from './support/rig.ts';

const DOMAIN = ['--domain', 'example.dev'];

/** An application that takes itself for the only one on its host. */
function application(rig: Rig): Promise<RawTarget> {
  return rig.rawTarget(({ path, fields }, socket) => {
    const isKnown = valuesOf(fields, 'cookie').includes('session=1');
    if (path === '/') {
      const lines = ['Location: /login?next=%2F', 'Set-Cookie: session=1; Path=/; HttpOnly'];
      socket.write(responseText(['HTTP/1.1 302 Found', ...lines, 'Content-Length: 0']));
    } else {
      socket.write(ok(`${path} <a href="/agent/list">${isKnown ? 'known' : 'unknown'}</a>`));
    }
  });
}

function get(port: number, host: string, path: string, cookie?: string): Promise<Answer> {
  const fields = [['Host', host] as const];
  return call(port, {
    path,
    fields: cookie === undefined ? fields : [...fields, ['Cookie', cookie]],
  });
}

describe('a tunnel on a host of its own', () => {
  const rig = useRig();

  it('works for absolute paths, cookies and redirects, all of them as they are', async () => {
    const target = await application(rig());
    const { port } = await rig().tunnel({ targetPort: target.port, proxyFlags: DOMAIN });
    const host = `orders.example.dev:${port}`;

    const first = await get(port, host, '/');
    assert.equal(first.status, 302);
    assert.deepEqual(valuesOf(first.fields, 'location'), ['/login?next=%2F']);
    assert.deepEqual(valuesOf(first.fields, 'set-cookie'), ['session=1; Path=/; HttpOnly']);

    const second = await get(port, host, field(first, 'location') ?? '', 'session=1');
    assert.equal(second.body.toString(), '/login?next=%2F <a href="/agent/list">known</a>');

    const third = await get(port, host, '/agent/list', 'session=1');
    assert.equal(third.body.toString(), '/agent/list <a href="/agent/list">known</a>');
  });

  it('gives the target every path, byte for byte, and no prefix', async () => {
    const target = await application(rig());
    const { port } = await rig().tunnel({ targetPort: target.port, proxyFlags: DOMAIN });
    const paths = ['/agent/hello', '/forward/other/x', '//a/../b/%2e%2e?', '/x?/forward/', '/?'];
    for (const path of paths) await get(port, 'ORDERS.Example.dev.', path);
    assert.deepEqual(
      target.requests.map(({ path }) => path),
      paths,
    );
    const [{ fields }] = target.requests as [RawRequest];
    assert.deepEqual(valuesOf(fields, 'x-forwarded-prefix'), []);
    assert.deepEqual(valuesOf(fields, 'x-forwarded-host'), ['ORDERS.Example.dev.']);
  });

  it('passes OPTIONS * on, which asks about the target as a whole', async () => {
    const target = await rig().rawTarget((_request, socket) => {
      socket.write(responseText(['HTTP/1.1 204 No Content', 'Allow: GET, PATCH, OPTIONS']));
    });
    const { port } = await rig().tunnel({ targetPort: target.port, proxyFlags: DOMAIN });
    const fields = [['Host', 'orders.example.dev']] as const;
    const answer = await call(port, { method: 'OPTIONS', path: '*', fields });
    assert.equal(answer.status, 204);
    assert.deepEqual(valuesOf(answer.fields, 'allow'), ['GET, PATCH, OPTIONS']);
    assert.deepEqual(
      target.requests.map(({ startLine }) => startLine),
      ['OPTIONS * HTTP/1.1'],
    );
    // The proxy's own host has nothing to say about itself.
    const own = await call(port, { method: 'OPTIONS', path: '*' });
    assert.equal(field(own, 'caronte-error'), 'not_found');
  });

  it('is not mixed up with another’s, nor with the proxy’s own host', async () => {
    const orders = await rig().rawTarget((_request, socket) => socket.write(ok('orders')));
    const shop = await rig().rawTarget((_request, socket) => socket.write(ok('shop')));
    const { port } = await rig().tunnel({ targetPort: orders.port, proxyFlags: DOMAIN });
    const agent = rig().agent({ port, code: 'shop', targetPort: shop.port }, ['--send-reply']);
    await jsonLine(agent, { event: 'state', state: 'live' });

    const textOf = async (host: string, path: string) =>
      (await get(port, host, path)).body.toString();
    assert.equal(await textOf('shop.example.dev', '/'), 'shop');
    assert.equal(await textOf('orders.example.dev', '/forward/shop/'), 'orders');
    assert.equal(await textOf('shop.example.dev', 'http://orders.example.dev/'), 'orders');
    assert.equal(await textOf('example.dev', '/forward/shop/'), 'shop');

    const own = await get(port, 'example.dev', '/');
    assert.equal(field(own, 'caronte-error'), 'not_found');
    const agents = await get(port, '127.0.0.1', '/agent/hello');
    assert.equal(field(agents, 'caronte-error'), 'unauthorized');
  });

  it('is the first address that the agent shows', async () => {
    const target = await application(rig());
    const { agent } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: [...DOMAIN, '--public-url', 'https://example.dev:8443'],
    });
    const state = await jsonLine(agent, { event: 'state', state: 'live' });
    assert.deepEqual(state['urls'], [
      'https://orders.example.dev:8443/',
      'https://example.dev:8443/forward/orders/',
    ]);
  });

  it('is found by what a trusted intermediary says, and only by that of one', async () => {
    const target = await application(rig());
    const { port } = await rig().tunnel({
      targetPort: target.port,
      proxyFlags: [...DOMAIN, '--trust-proxy', 'loopback'],
    });
    const { port: other } = await rig().tunnel({ targetPort: target.port, proxyFlags: DOMAIN });
    const fields = [
      ['Host', 'internal'],
      ['X-Forwarded-Host', 'orders.example.dev'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-For', '192.0.2.66, 203.0.113.7'],
    ] as const;
    assert.equal((await call(port, { path: '/x', fields })).status, 200);
    const [request] = target.requests as [RawRequest];
    assert.deepEqual(valuesOf(request.fields, 'x-forwarded-for'), ['203.0.113.7, 127.0.0.1']);
    assert.deepEqual(valuesOf(request.fields, 'x-forwarded-proto'), ['https']);

    assert.equal(field(await call(other, { path: '/x', fields }), 'caronte-error'), 'not_found');
  });
});

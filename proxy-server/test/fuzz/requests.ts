import { type Dice } from './cases.ts';

/** A well-formed request, and what an agent must see of it. */
export interface GoodRequest {
  /** On the wire, in Latin-1. */
  readonly text: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** What parsers stumble over. */
export const WORDS = [
  ...['\r\n\r\n', '\n\n', '\r\n ', '\r\n\t', '0\r\n\r\n', 'ffffffffffffffff\r\n', '5;x=y\r\n'],
  ...['Content-Length: 5\r\n', 'Content-Length: -1\r\n', 'Content-Length: 5, 5\r\n'],
  ...['Content-Length: 18446744073709551617\r\n', 'Content-Length: 0x5\r\n', 'Content-Length:\r\n'],
  ...['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: xchunked\r\n'],
  ...['Transfer-Encoding: chunked, chunked\r\n', 'Transfer-Encoding : chunked\r\n'],
  ...['Host: other\r\n', 'Connection: close\r\n', 'Connection: X-Forwarded-For, Host\r\n'],
  ...['Expect: 100-continue\r\n', 'Expect: 200-ok\r\n', 'TE: trailers\r\nTrailer: Host\r\n'],
  ...['Upgrade: h2c\r\nConnection: Upgrade\r\n', 'Proxy: http://127.0.0.1:1/\r\n'],
  ...['__proto__: x\r\n', 'constructor: x\r\n', ': x\r\n', 'X: \0\r\n', 'X: \x80\xff\r\n'],
  ...['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'CONNECT ', 'TRACE '],
  ...['HEAD ', 'OPTIONS * ', 'GET /agent/poll HTTP/1.1\r\nHost: p\r\n\r\n', '/agent/hello'],
  ...['http://p', '//', '/../', '%00', '%2e%2e/', '#', '?', '\\', 'X-Long: '.padEnd(5_000, 'x')],
] as const satisfies readonly string[] as unknown as readonly [string, ...string[]];

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'M-SEARCH'] as const;

/** A request of a caller of that code's; `tag` makes its target one of a kind. */
export function goodRequest(dice: Dice, code: string, tag: string): GoodRequest {
  const target = `/${tag}${dice.pick(['', '/', '?', '?a=b&&', '//x/../y', '/%2e%2e/%zz', '/|"{}'])}`;
  const method = dice.pick(METHODS);
  const lines = [`${method} /forward/${code}${target} HTTP/1.1`, 'Host: p'];
  for (let count = dice.whole(4); count > 0; count -= 1) {
    lines.push(
      dice.pick(['X-A: b', 'x-a:  c  ', 'Accept: */*', 'Cookie: a=b', 'X-Empty:', 'X: \xe9']),
    );
  }
  const size = dice.chance(0.5) ? 0 : dice.whole(dice.chance(0.02) ? 100_000 : 300);
  const body = size === 0 ? '' : `${tag}:`.padEnd(size, 'GET / HTTP/1.1\r\n\r\n');
  if (body === '') return { text: [...lines, '', ''].join('\r\n'), method, target, body };
  if (dice.chance(0.5)) {
    const head = [...lines, `Content-Length: ${body.length}`, '', ''].join('\r\n');
    return { text: head + body, method, target, body };
  }
  let text = [...lines, 'Transfer-Encoding: chunked', '', ''].join('\r\n');
  for (let at = 0; at < body.length;) {
    const piece = body.slice(at, at + 1 + dice.whole(body.length));
    text += `${piece.length.toString(16)}${dice.pick(['', ';a=b'])}\r\n${piece}\r\n`;
    at += piece.length;
  }
  text += `0\r\n${dice.pick(['', 'X-Trailer: x\r\n'])}\r\n`;
  return { text, method, target, body };
}

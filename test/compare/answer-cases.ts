import {
  OK,
  request,
  status,
  atCaller,
  bodyEnd,
  connectionEnd,
  STRICT,
  EARLY,
  type Case,
} from './case.ts';

/** What becomes of answers, and of connections that end. */
export const ANSWER_CASES: readonly Case[] = [
  {
    name: 'trailers of an answer',
    request: request({ fields: ['TE: trailers'] }),
    response:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
    look: (seen) => (/X-Sum: 1/.test(seen.answer) ? 'arrive' : 'dropped'),
    why: 'nginx before 1.27 drops the trailers of answers.',
  },
  {
    name: '103 before the answer',
    request: request({}),
    response: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${OK}`,
    look: (seen) =>
      `${seen.answer.startsWith('HTTP/1.1 103') ? '103, then ' : ''}${seen.answer.includes(' 200 ') ? '200' : 'no 200'}`,
  },
  {
    name: 'HEAD: Content-Length',
    request: request({ method: 'HEAD' }),
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n',
    look: atCaller(/^Content-Length/i),
  },
  {
    name: '304 with Content-Length',
    request: request({}),
    response: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: "x"\r\n\r\n',
    look: atCaller(/^Content-Length/i),
  },
  {
    name: 'several Set-Cookie',
    request: request({}),
    response: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    look: atCaller(/^Set-Cookie/i),
  },
  {
    name: 'Server and Date of the target',
    request: request({}),
    response:
      'HTTP/1.1 200 OK\r\nServer: mine\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n',
    look: atCaller(/^(?:Server|Date: Tue, 01 Jan 2030)/i),
    why: 'They are the target’s (RFC 9110 section 10.2.4). nginx puts its own in their place.',
  },
  {
    name: 'reason phrase in UTF-8',
    request: request({}),
    response: `HTTP/1.1 200 ${Buffer.from('Prüfung').toString('latin1')}\r\nContent-Length: 0\r\n\r\n`,
    look: (seen) =>
      seen.answer.includes(Buffer.from('Prüfung').toString('latin1')) ? 'passes' : 'lost',
  },
  {
    name: 'reason phrase in Latin-1',
    request: request({}),
    response: 'HTTP/1.1 200 Pr\xfcfung\r\nContent-Length: 0\r\n\r\n',
    look: (seen) => (seen.answer.includes('Pr\xfcfung') ? 'passes' : 'lost'),
    why: 'A known difference: undici reads the phrase as UTF-8. It has no meaning for programs (RFC 9112 section 4).',
  },
  {
    name: 'answer with two lengths',
    request: request({}),
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk',
    look: (seen) => status(seen),
    why: STRICT,
  },
  {
    name: 'answer with a length and a transfer coding',
    request: request({}),
    response:
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    look: (seen) => status(seen),
    why: STRICT,
  },
  {
    name: 'answer that breaks off in a chunk',
    request: request({}),
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf',
    after: 'end',
    look: bodyEnd,
    why: EARLY,
  },
  {
    name: 'answer that ends between chunks',
    request: request({}),
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    after: 'end',
    look: bodyEnd,
    why: EARLY,
  },
  {
    name: 'answer that breaks off in a chunk, for a caller in HTTP/1.0',
    request: request({ version: '1.0' }),
    // Its first bytes have reached the caller by then.
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    after: 'end',
    pauseMs: 100,
    look: connectionEnd,
    why: 'Only the end of the connection tells such a caller where its answer ends: a plain close would make half of it look whole.',
  },
  {
    name: '100 that nobody asked for',
    request: request({}),
    response: `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
    look: (seen) => (seen.answer.match(/(?<=^HTTP\/1\.1 )\d{3}/gm) ?? []).join(', then '),
    why: 'A known difference: undici takes it for no HTTP, though a client has to bear it (RFC 9110 section 15.2). nginx takes it for the answer and what follows for its body, which is right by chance.',
  },
  {
    name: 'answer whose lines end with LF alone',
    request: request({}),
    response: OK.replaceAll('\r\n', '\n'),
    look: (seen) => status(seen),
    why: 'undici’s parser refuses it. A recipient may take LF for the end of a line, and need not (RFC 9112 section 2.2).',
  },
  {
    name: 'answer with a length of 17 digits',
    request: request({ method: 'HEAD' }),
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 12345678901234567\r\n\r\n',
    look: (seen) => status(seen),
    why: 'No number of JavaScript’s holds it to the byte, so that nobody could tell whether the answer is whole.',
  },
  {
    name: 'answer without an end, its first bytes',
    request: request({}),
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n',
    stays: true,
    look: (seen) => (seen.answer.includes('event') ? 'arrive at once' : 'are held back'),
  },
  {
    name: 'answer in the middle of an upload',
    request: request({ method: 'POST', fields: ['Content-Length: 100000'], body: 'part' }),
    response: 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
    early: true,
    after: 'end',
    stays: true,
    look: (seen) => status(seen),
  },
  {
    name: 'FIN of the caller right after its request',
    request: request({}),
    response: undefined,
    caller: 'half-closes',
    look: (seen) => (seen.cancelled ? 'request dropped' : 'still waits for its answer'),
    why: 'nginx takes a FIN that it notices for departure, and overlooks some that come with the request. See [decision 0018](decisions/0018-what-a-fin-means.md).',
  },
  {
    name: 'caller that leaves while the target is silent',
    request: request({}),
    response: undefined,
    caller: 'leaves',
    look: (seen) => (seen.cancelled ? 'target’s connection ends' : 'goes on'),
  },
];

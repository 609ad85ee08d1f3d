/**
 * An application on Express that has sessions and speaks of itself in absolute addresses, as people
 * have behind a tunnel.
 *
 *     GET  /        who is logged in, and how often the page was seen; else leads to /login
 *     GET  /login   a form
 *     POST /login   begins a session
 *     POST /logout  ends it
 */
import express, { type Request, type Response } from 'express';
import { randomUUID } from 'node:crypto';

interface Session {
  readonly name: string;
  visits: number;
}

const sessions = new Map<string, Session>();
const app = express();
// The agent, which passes the caller's own host and protocol on.
app.set('trust proxy', 'loopback');
app.use(express.urlencoded({ extended: false }));

function sessionOf(request: Request): Session | undefined {
  const id = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  return id === undefined ? undefined : sessions.get(id);
}

function lead(request: Request, response: Response, path: string): void {
  response.redirect(303, `${request.protocol}://${request.host}${path}`);
}

app.get('/', (request, response) => {
  const session = sessionOf(request);
  if (session === undefined) return lead(request, response, '/login');
  session.visits += 1;
  const theme = /(?:^|; )theme=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  response.send(
    `<title>Home</title><p>${session.name}, ${session.visits}, ${theme}</p>` +
      '<form method="post" action="logout"><button>Leave</button></form>',
  );
});

app.get('/login', (_request, response) => {
  response.send(
    '<title>Log in</title><form method="post" action="login"><input name="name">' +
      '<button>Enter</button></form>',
  );
});

app.post('/login', (request, response) => {
  const id = randomUUID();
  const { name } = request.body as { name: string };
  sessions.set(id, { name, visits: 0 });
  response.cookie('session', id, { httpOnly: true, sameSite: 'strict' });
  response.cookie('theme', 'dark', { maxAge: 60_000 });
  lead(request, response, '/');
});

app.post('/logout', (request, response) => {
  response.clearCookie('session');
  lead(request, response, '/login');
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`);
});

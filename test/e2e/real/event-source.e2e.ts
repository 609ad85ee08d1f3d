import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { EventSource } from 'eventsource';
import { type Rig, useRig } from '../support/rig.ts';
import { pastHalfClose, within } from '../support/waiting.ts';

/** How many events are sent one by one. */
const EVENTS = 200;

/** What the target saw of a request for its events. */
interface Connection {
  readonly lastEventId: string | undefined;
  readonly response: ServerResponse;
}

/** A target that sends no event by itself. */
async function streamTarget(
  rig: Rig,
  onConnection: (connection: Connection) => void,
): Promise<number> {
  return await rig.httpTarget((request, response) => {
    request.resume();
    const lastEventId = request.headers['last-event-id'];
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    // The pause before the client comes back after a loss, in milliseconds.
    response.write('retry: 10\n\n');
    onConnection({
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
      response,
    });
  });
}

async function nextData(source: EventSource): Promise<unknown> {
  const [event] = (await within(2_000, 'event', once(source, 'message'))) as [MessageEvent];
  return event.data;
}

describe('an EventSource through a tunnel', () => {
  const rig = useRig();

  it('gets each event before the next one is written', async function () {
    this.timeout(30_000);
    const connections: Connection[] = [];
    const targetPort = await streamTarget(rig(), (connection) => connections.push(connection));
    const { port, base } = await rig().tunnel({ targetPort });
    const source = new EventSource(`http://127.0.0.1:${port}${base}/events`);
    rig().onEnd(() => source.close());
    await within(2_000, 'open', once(source, 'open'));

    for (let index = 0; index < EVENTS; index += 1) {
      const data = nextData(source);
      connections[0]?.response.write(`id: ${index}\ndata: event ${index} für alle\n\n`);
      assert.equal(await data, `event ${index} für alle`);
    }
    assert.equal(connections.length, 1);
  });

  it('comes back with the id of its last event when the target breaks off', async () => {
    const connections: Connection[] = [];
    let onConnection: () => void = () => undefined;
    const targetPort = await streamTarget(rig(), (connection) => {
      connections.push(connection);
      onConnection();
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const source = new EventSource(`http://127.0.0.1:${port}${base}/events`);
    rig().onEnd(() => source.close());
    await within(2_000, 'open', once(source, 'open'));

    for (let round = 0; round < 5; round += 1) {
      const data = nextData(source);
      connections.at(-1)?.response.write(`id: round ${round}\ndata: ${round}\n\n`);
      assert.equal(await data, String(round));

      const again = new Promise<void>((resolve) => {
        onConnection = resolve;
      });
      const reopened = once(source, 'open');
      connections.at(-1)?.response.socket?.destroy();
      await within(5_000, 'next connection', again);
      await within(2_000, 'open', reopened);
      assert.equal(connections.at(-1)?.lastEventId, `round ${round}`);
    }
    assert.equal(connections.length, 6);
  });

  it('that is closed ends the stream at the target', async () => {
    let ended: Promise<unknown> | undefined;
    const targetPort = await streamTarget(rig(), ({ response }) => {
      ended = once(response, 'close');
    });
    const { port, base } = await rig().tunnel({ targetPort });
    const source = new EventSource(`http://127.0.0.1:${port}${base}/events`);
    await within(2_000, 'open', once(source, 'open'));
    await pastHalfClose(performance.now());
    source.close();
    assert.ok(ended);
    await within(1_000, 'end at the target', ended);
  });
});

import { answer, QueueFixture } from '../support/queue-fixture.ts';
import { stillWaits, until } from '../support/wait.ts';

describe('a delivery that the store could not settle', () => {
  let fixture: QueueFixture;

  beforeEach(async () => {
    fixture = await QueueFixture.start();
  });
  afterEach(() => fixture.stop());

  it('is settled once the store can again', async () => {
    await fixture.remembered();
    await fixture.kept();
    const agent = await fixture.agent();
    const taken = await agent.take();
    await fixture.acknowledge(agent, taken);
    const { store } = fixture;
    const settle = store.settle.bind(store);
    store.settle = () => Promise.reject(new Error('disk I/O error'));
    await answer(agent, taken);
    await until(() => fixture.proxy.log.includes('delivery not settled'), 'the failure');
    store.settle = settle;
    await stillWaits(new Promise(() => undefined));
    fixture.clock.advance(5_000);
    await until(() => store.counts('orders').waiting === 0, 'an empty queue');
  });
});

import { PAGE_LIMIT, type QueueList, type QueuePage } from 'caronte-proxy/protocol';
import type { QueueClient } from '../../agent/index.ts';

/** Pages of the lists, one list after the other; each has at most `limit` requests, if it may have as many. */
export async function* queuePages(
  client: Pick<QueueClient, 'list'>,
  lists: readonly QueueList[],
  limit: number = PAGE_LIMIT.most,
): AsyncGenerator<QueuePage, void, undefined> {
  const most = Math.min(limit, PAGE_LIMIT.most);
  for (const state of lists) {
    let after: number | undefined;
    do {
      const page = await client.list({ state, after, limit: most });
      yield page;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
}

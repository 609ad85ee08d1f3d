import {
  type CancelReason,
  decodeCancel,
  decodeExchange,
  decodeQueue,
  decodeWaiting,
  type ExchangeHead,
  MalformedError,
  type QueueState,
  RECORD,
  RecordDecoder,
} from 'caronte-proxy/protocol';

/** What one poll's answer said. */
export interface PollAnswer {
  readonly exchanges: { readonly head: ExchangeHead; readonly body: Buffer }[];
  readonly cancelled: { readonly id: string; readonly reason: CancelReason }[];
  /** Exchanges that wait beyond these. */
  waiting: number;
  /** The software of the agent that has the code now. */
  takenOverBy: string | undefined;
  draining: boolean;
  /** What the tunnel's queue holds, if that has changed. */
  queue: QueueState | undefined;
}

/**
 * Reads the records of the answer to a poll that had room for `capacity` exchanges. Throws
 * MalformedError, also if there are more: what an agent works on at once is its own to say.
 */
export function readPollAnswer(records: Buffer, capacity: number): PollAnswer {
  const answer: PollAnswer = {
    exchanges: [],
    cancelled: [],
    waiting: 0,
    takenOverBy: undefined,
    draining: false,
    queue: undefined,
  };
  const decoder = new RecordDecoder({
    allocate: (size) => Buffer.allocUnsafe(size),
    onRecord: (type, payload) => {
      switch (type) {
        case RECORD.exchange: {
          const { head, body } = decodeExchange(payload);
          answer.exchanges.push({ head, body: body as Buffer });
          return;
        }
        case RECORD.cancel:
          answer.cancelled.push(decodeCancel(payload));
          return;
        case RECORD.waiting:
          answer.waiting = decodeWaiting(payload);
          return;
        case RECORD.takenOver:
          answer.takenOverBy = payload.toString('latin1');
          return;
        case RECORD.draining:
          answer.draining = true;
          return;
        case RECORD.queue:
          answer.queue = decodeQueue(payload);
          return;
        default:
          // A later proxy may have more to say than this agent understands.
          return;
      }
    },
    onData: () => undefined,
  });
  decoder.push(records);
  decoder.finish();
  if (answer.exchanges.length > capacity) {
    throw new MalformedError('a poll brought more exchanges than it had room for');
  }
  return answer;
}

/** Whether it says nothing, as after a wait in vain. */
export function isEmpty(answer: PollAnswer): boolean {
  const { exchanges, cancelled, waiting, takenOverBy, draining, queue } = answer;
  const news = exchanges.length + cancelled.length + waiting;
  return news === 0 && takenOverBy === undefined && !draining && queue === undefined;
}

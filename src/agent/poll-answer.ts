import {
  type CancelReason,
  decodeCancel,
  decodeExchange,
  decodeWaiting,
  type ExchangeHead,
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
}

/** Reads the records of a poll's answer. Throws MalformedError. */
export function readPollAnswer(records: Buffer): PollAnswer {
  const answer: PollAnswer = {
    exchanges: [],
    cancelled: [],
    waiting: 0,
    takenOverBy: undefined,
    draining: false,
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
        default:
          // A later proxy may have more to say than this agent understands.
          return;
      }
    },
    onData: () => undefined,
  });
  decoder.push(records);
  decoder.finish();
  return answer;
}

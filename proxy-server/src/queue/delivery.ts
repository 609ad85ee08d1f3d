import { fieldValue, type Problem, type ResponseHead } from '../protocol/index.ts';
import type { Caller } from '../routing/index.ts';
import type { DeliveryEnd } from './verdict.ts';

/**
 * Stands where a live exchange has its caller: nobody reads the answer to a queued request, but it
 * says what becomes of the request.
 */
export class DeliveryCaller implements Caller {
  readonly #onEnd: (end: DeliveryEnd) => void;
  readonly #isAcknowledged: () => boolean;
  #head: ResponseHead | undefined;

  /** `onEnd` is called once. */
  constructor(onEnd: (end: DeliveryEnd) => void, isAcknowledged: () => boolean) {
    this.#onEnd = onEnd;
    this.#isAcknowledged = isAcknowledged;
  }

  inform(): void {}

  respond(head: ResponseHead): boolean {
    this.#answered(head);
    return true;
  }

  start(head: ResponseHead): boolean {
    this.#head = head;
    return true;
  }

  write(): boolean {
    return true;
  }

  onDrain(callback: () => void): void {
    callback();
  }

  end(): boolean {
    if (this.#head !== undefined) this.#answered(this.#head);
    return true;
  }

  breakOff(): void {
    this.#onEnd({ kind: 'failed', code: 'target_broke_off', acknowledged: true });
  }

  accept(): void {}

  fail({ code }: Problem): void {
    this.#onEnd({ kind: 'failed', code, acknowledged: this.#isAcknowledged() });
  }

  #answered({ status, fields }: ResponseHead): void {
    this.#onEnd({ kind: 'answered', status, retryAfter: fieldValue(fields, 'retry-after') });
  }
}

/** What becomes of a target's response: it is sent back, or nobody waits for it. */
export interface ResponseUse {
  readonly status: number;
  /** Takes a piece of the body. False: the target is to pause; who takes it resumes it. */
  take(piece: Buffer): boolean;
  /** The response is complete. */
  end(trailers: readonly string[]): void;
  /** The target broke off. True if that is told to the caller behind what it has of the response. */
  breakOff(detail: string): boolean;
  /** Lets go of everything. May be called twice, and after the end. */
  destroy(): void;
}

/** What a peer sent does not follow the protocol. `detail` says where; the connection is closed. */
export class MalformedError extends Error {
  readonly code = 'malformed';

  constructor(detail: string) {
    super(detail);
    this.name = 'MalformedError';
  }
}

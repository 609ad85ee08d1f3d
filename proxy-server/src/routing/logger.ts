/** What the proxy asks of a log; pino fits, and so does any host's own. Never given secrets or bodies. */
export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

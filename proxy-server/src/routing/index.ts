export type { BodySink, RequestBody, SideReader } from './body.ts';
export type { Caller } from './caller.ts';
export { type Clock, deadlineTime, systemClock, type Timer } from './clock.ts';
export type { CopyLimits } from './body-copy.ts';
export { copyOf, isCopyable } from './copy.ts';
export { Exchange, type ExchangeEnd } from './exchange.ts';
export { newId } from './ids.ts';
export type { Logger } from './logger.ts';
export type { Route, Router } from './route.ts';

export { closeGently, resetSocket } from './close-socket.ts';
export { endWith } from './end-with.ts';
export { finishResponse } from './finish.ts';
export { HALF_CLOSE_MS, meaningOfEnd, noteWhole, onInputEnd } from './half-close.ts';
export { answerProblem } from './problem-answer.ts';
export { readBody, TooLargeError } from './read-body.ts';
export { refuseConnection } from './refuse.ts';
export { authorityOf, isAuthority, originForm } from './request-target.ts';
export { hasUnreadBody } from './unread.ts';

export { endWith } from './end-with.ts';
export { answerProblem, rawProblem } from './problem-answer.ts';
export { readBody, TooLargeError } from './read-body.ts';
export { originForm } from './request-target.ts';
export { hasUnreadBody } from './unread.ts';

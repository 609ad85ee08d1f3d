export { endWith } from './end-with.ts';
export { answerProblem, problemFields, rawProblem } from './problem-answer.ts';
export { readBody, TooLargeError } from './read-body.ts';

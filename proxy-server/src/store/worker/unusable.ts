/** Thrown for what a person has to put right; the message says how. */
export class UnusableError extends Error {}

import { setTimeout as delay } from 'node:timers/promises';

/** How long the workbench may take to do what a test waits for, in milliseconds. */
export const TIMEOUT = 15_000;

/** How long it may take to come up, its extensions included, on a slow machine. */
export const START_TIMEOUT = 60_000;

/** How often a condition that has no event of its own is looked at. */
const LOOK_EVERY = 40;

/** The whole of a text, or a pattern it must match. */
export type Text = string | RegExp;

export function textMatches(actual: string, expected: Text): boolean {
  return typeof expected === 'string' ? actual === expected : expected.test(actual);
}

/** A pattern for the whole of a text, white space around it left out. */
export function wholeText(text: Text): RegExp {
  if (typeof text !== 'string') return text;
  return new RegExp(`^\\s*${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}\\s*$`);
}

/** Text as a reader sees it: one line, each run of white space one space. */
export function plainText(text: string | null | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}

/**
 * Waits until the condition holds.
 *
 * @param what says what was waited for and what was there instead; asked only on failure.
 * @throws after `timeout` milliseconds.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: () => string | Promise<string>,
  timeout: number = TIMEOUT,
): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeout} ms for ${await what()}`);
    await delay(LOOK_EVERY);
  }
}

import type { Locator, Page } from 'playwright-core';
import { plainText, TIMEOUT } from './waiting.ts';

/** A hover that is not there within this, in milliseconds, was closed by a list that was drawn anew. */
const SHOWN_MS = 3_000;
const TRIES = 4;

/** Hovers over an element and returns what VS Code shows beside it. */
export async function hoverText(page: Page, target: Locator): Promise<string> {
  const hover = page.locator('.workbench-hover-container .workbench-hover:visible');
  for (let tries = 1; ; tries += 1) {
    // A hover that is still open for something else would be taken for this one's.
    await page.mouse.move(1, 1);
    await hover.waitFor({ state: 'hidden', timeout: TIMEOUT });
    await target.hover({ timeout: TIMEOUT });
    try {
      await hover.first().waitFor({ timeout: SHOWN_MS });
      return plainText(await hover.first().innerText({ timeout: SHOWN_MS }));
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

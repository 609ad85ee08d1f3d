import type { Locator, Page } from 'playwright-core';
import { plainText, TIMEOUT } from './waiting.ts';

/** Hovers over an element and returns what VS Code shows beside it. */
export async function hoverText(page: Page, target: Locator): Promise<string> {
  const hover = page.locator('.workbench-hover-container .workbench-hover:visible');
  // A hover that is still open for something else would be taken for this one's.
  await page.mouse.move(1, 1);
  await hover.waitFor({ state: 'hidden', timeout: TIMEOUT });
  await target.hover({ timeout: TIMEOUT });
  await hover.first().waitFor({ timeout: TIMEOUT });
  return plainText(await hover.first().innerText());
}

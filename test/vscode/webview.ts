import type { Frame, Locator, Page } from 'playwright-core';
import { TIMEOUT, waitUntil } from './waiting.ts';

/**
 * The document that an extension gave to a webview. VS Code puts webviews above the workbench
 * instead of into it, in an iframe of its own that holds a second one with the extension's document:
 * so which is whose is told by where it lies.
 *
 * @param container the part of the workbench that the webview covers.
 */
export async function webviewFrameWithin(page: Page, container: Locator): Promise<Frame> {
  await container.waitFor({ timeout: TIMEOUT });
  let found: Frame | undefined;
  await waitUntil(
    async () => {
      found = await findFrame(page, container);
      return found !== undefined;
    },
    () => 'a webview with a loaded document',
  );
  if (found === undefined) throw new Error('unreachable: the wait ended without a frame');
  return found;
}

async function findFrame(page: Page, container: Locator): Promise<Frame | undefined> {
  const area = await container.boundingBox();
  if (area === null) return undefined;
  for (const outer of await page.locator('iframe.webview.ready').all()) {
    if (!(await outer.isVisible())) continue;
    const box = await outer.boundingBox();
    if (box === null || !isCentreWithin(box, area)) continue;
    const outerFrame = await (await outer.elementHandle())?.contentFrame();
    // `pending-frame` becomes `active-frame` when its document is loaded.
    const inner = await outerFrame?.$('iframe#active-frame');
    return (await inner?.contentFrame()) ?? undefined;
  }
  return undefined;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function isCentreWithin(box: Box, area: Box): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  return x >= area.x && x <= area.x + area.width && y >= area.y && y <= area.y + area.height;
}

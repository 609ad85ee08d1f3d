import type { Locator, Page } from 'playwright-core';
import { hoverText } from './hover.ts';
import { plainText, TIMEOUT, textMatches, waitUntil, type Text } from './waiting.ts';

/** What an item shows. */
export interface StatusBarItemState {
  /** The text without its icons. */
  readonly text: string;
  /** The icons' names in order, such as `radio-tower` or `loading`. */
  readonly icons: readonly string[];
  /** What a screen reader says. */
  readonly ariaLabel: string;
  readonly kind: 'error' | 'warning' | 'standard';
}

/**
 * An item of the status bar. VS Code derives the element's id from the extension and the item's own
 * id: `<publisher>.<name>.<item id>`, or `<publisher>.<name>` if the item has none.
 */
export class StatusBarItem {
  readonly locator: Locator;
  readonly #page: Page;

  constructor(page: Page, id: string) {
    this.#page = page;
    this.locator = page.locator(`.part.statusbar .statusbar-item[id="${id}"]`);
  }

  async isVisible(): Promise<boolean> {
    return this.locator.isVisible();
  }

  /** Waits for the item if it is not there yet. */
  async read(): Promise<StatusBarItemState> {
    await this.locator.waitFor({ timeout: TIMEOUT });
    const raw = await this.locator.evaluate((item) => ({
      text: item.textContent,
      icons: Array.from(item.querySelectorAll('.codicon'), (icon) => icon.className),
      ariaLabel: item.getAttribute('aria-label') ?? '',
      classes: item.className,
    }));
    return {
      text: plainText(raw.text),
      icons: raw.icons.flatMap((classes) => /codicon-([\w-]+)/.exec(classes)?.[1] ?? []),
      ariaLabel: raw.ariaLabel,
      kind: raw.classes.includes('error-kind')
        ? 'error'
        : raw.classes.includes('warning-kind')
          ? 'warning'
          : 'standard',
    };
  }

  /** Waits until the text, icons left out, is or matches this. */
  async waitForText(text: Text, timeout: number = TIMEOUT): Promise<void> {
    let last = 'nothing';
    await waitUntil(
      async () => {
        if (!(await this.isVisible())) return false;
        last = (await this.read()).text;
        return textMatches(last, text);
      },
      () => `the status bar to say ${String(text)}; it says "${last}"`,
      timeout,
    );
  }

  async click(): Promise<void> {
    await this.locator.locator('.statusbar-item-label').click({ timeout: TIMEOUT });
  }

  /** Hovers over the item and returns the tooltip's text. */
  async tooltip(): Promise<string> {
    return hoverText(this.#page, this.locator);
  }
}

export class StatusBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  item(id: string): StatusBarItem {
    return new StatusBarItem(this.#page, id);
  }

  /** The ids of all items that show, left to right. */
  async ids(): Promise<string[]> {
    return this.#page
      .locator('.part.statusbar .statusbar-item:visible')
      .evaluateAll((items) => items.map((item) => item.id));
  }

  /** The item with this text or, failing that, this aria label. */
  async find(textOrLabel: Text): Promise<StatusBarItem> {
    let found: StatusBarItem | undefined;
    await waitUntil(
      async () => {
        for (const id of await this.ids()) {
          const item = this.item(id);
          const { text, ariaLabel } = await item.read();
          if (textMatches(text, textOrLabel) || textMatches(ariaLabel, textOrLabel)) found = item;
        }
        return found !== undefined;
      },
      async () =>
        `a status bar item ${String(textOrLabel)}; there are ${(await this.ids()).join(', ')}`,
    );
    if (found === undefined) throw new Error('unreachable: the wait ended without an item');
    return found;
  }
}

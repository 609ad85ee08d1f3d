import type { Locator, Page } from 'playwright-core';
import { plainText, TIMEOUT, wholeText, type Text } from './waiting.ts';

/** The context menu that is open, its submenus included. */
export class Menu {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the menu of an element, as a right click does. */
  async openOn(target: Locator): Promise<void> {
    await target.click({ button: 'right', timeout: TIMEOUT });
    await this.#entries.first().waitFor({ timeout: TIMEOUT });
  }

  /** The labels that show, separators left out. */
  async labels(): Promise<string[]> {
    const labels = await this.#entries.locator('.action-label').allTextContents();
    return labels.map(plainText).filter((label) => label !== '');
  }

  /**
   * Chooses an entry; more than one label leads through submenus. By keyboard, since a menu ignores
   * clicks in its first moments.
   */
  async choose(...path: readonly [Text, ...Text[]]): Promise<void> {
    for (const [index, label] of path.entries()) {
      await this.#entry(label).hover({ timeout: TIMEOUT });
      await this.#page.keyboard.press(index === path.length - 1 ? 'Enter' : 'ArrowRight');
    }
    await this.#entries.first().waitFor({ state: 'hidden', timeout: TIMEOUT });
  }

  async close(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.#entries.first().waitFor({ state: 'hidden', timeout: TIMEOUT });
  }

  get #entries(): Locator {
    return this.#page.locator('.monaco-menu .action-item');
  }

  #entry(label: Text): Locator {
    const name = this.#page.locator('.action-label').filter({ hasText: wholeText(label) });
    return this.#page.locator('.monaco-menu .action-menu-item').filter({ has: name }).first();
  }
}

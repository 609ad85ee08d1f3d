import { errors, type Locator, type Page } from 'playwright-core';
import { plainText, textMatches, TIMEOUT, waitUntil, wholeText, type Text } from './waiting.ts';

/** One row of a quick pick, icons left out. */
export interface QuickItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  /** The heading that a separator puts on this row. */
  readonly group: string;
}

/** The box at the top of the window: command palette, quick picks and input boxes. */
export class QuickInput {
  readonly #page: Page;
  readonly #box: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#box = page.locator('.quick-input-widget');
  }

  /** Waits until it is open with this title, which says which step of a sequence it is at. */
  async waitForTitle(title: Text): Promise<void> {
    await waitUntil(
      async () => (await this.isOpen()) && textMatches(await this.title(), title),
      async () => `a quick input titled ${String(title)}; it is ${await this.#describe()}`,
    );
  }

  async waitForOpen(): Promise<void> {
    await this.#box.waitFor({ timeout: TIMEOUT });
  }

  async waitForClosed(): Promise<void> {
    await this.#box.waitFor({ state: 'hidden', timeout: TIMEOUT });
  }

  async isOpen(): Promise<boolean> {
    return this.#box.isVisible();
  }

  /** Empty if it has none. */
  async title(): Promise<string> {
    return plainText(await this.#box.locator('.quick-input-title').textContent());
  }

  async placeholder(): Promise<string> {
    return (await this.#input.getAttribute('placeholder')) ?? '';
  }

  async value(): Promise<string> {
    return this.#input.inputValue();
  }

  /** True if what is typed is shown as dots. */
  async isMasked(): Promise<boolean> {
    return (await this.#input.getAttribute('type')) === 'password';
  }

  /** The line below the input: the prompt, or the validation message in its place. */
  async message(): Promise<string> {
    return plainText(await this.#box.locator('.quick-input-message').textContent());
  }

  /** Waits for the input to be rejected and returns why. */
  async validationMessage(): Promise<string> {
    await this.#rejected.waitFor({ timeout: TIMEOUT });
    return this.message();
  }

  async waitForValid(): Promise<void> {
    await this.#rejected.waitFor({ state: 'hidden', timeout: TIMEOUT });
  }

  /** The rows in view, in order. Waits for the first; long lists are only partly there. */
  async items(): Promise<QuickItem[]> {
    await this.#rows.first().waitFor({ timeout: TIMEOUT });
    return this.#rows.evaluateAll((rows) =>
      rows.map((row) => ({
        label: row.querySelector('.quick-input-list-row .label-name')?.textContent?.trim() ?? '',
        description:
          row.querySelector('.quick-input-list-row .label-description')?.textContent?.trim() ?? '',
        detail: row.querySelector('.quick-input-list-label-meta')?.textContent?.trim() ?? '',
        group: row.querySelector('.quick-input-list-separator')?.textContent?.trim() ?? '',
      })),
    );
  }

  /** True if a row with this label shows within so many milliseconds. */
  async hasItem(label: Text, patience: number): Promise<boolean> {
    try {
      await this.#row(label).waitFor({ timeout: patience });
      return true;
    } catch (error) {
      if (error instanceof errors.TimeoutError) return false;
      throw error;
    }
  }

  /** Replaces what is typed. */
  async type(text: string): Promise<void> {
    await this.#input.fill(text, { timeout: TIMEOUT });
  }

  /**
   * Enter: takes what is typed, or the focused row. A list takes it only once its rows are there: wait
   * for the title and, if in doubt, for `items()`.
   */
  async accept(): Promise<void> {
    await this.#input.press('Enter', { timeout: TIMEOUT });
  }

  /** Chooses the row with this label. Type part of it first if the list is long. */
  async pick(label: Text): Promise<void> {
    await this.#row(label).click({ timeout: TIMEOUT });
  }

  /** Presses a button of the title bar or of a row, by its tooltip. */
  async clickButton(name: Text, rowLabel?: Text): Promise<void> {
    const within = rowLabel === undefined ? this.#box : this.#row(rowLabel);
    if (rowLabel !== undefined) await within.hover({ timeout: TIMEOUT });
    await within.getByRole('button', { name, exact: true }).click({ timeout: TIMEOUT });
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.waitForClosed();
  }

  get #input(): Locator {
    return this.#box.locator('.quick-input-box input');
  }

  get #rejected(): Locator {
    return this.#box.locator('.quick-input-box .monaco-inputbox:is(.error, .warning, .info)');
  }

  get #rows(): Locator {
    return this.#box.locator('.quick-input-list .monaco-list-row');
  }

  #row(label: Text): Locator {
    const name = this.#page
      .locator('.quick-input-list-row .label-name')
      .filter({ hasText: wholeText(label) });
    return this.#rows.filter({ has: name }).first();
  }

  async #describe(): Promise<string> {
    if (!(await this.isOpen())) return 'closed';
    return `open with title "${await this.title()}" and placeholder "${await this.placeholder()}"`;
  }
}

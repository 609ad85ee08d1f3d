import type { Frame, Locator, Page } from 'playwright-core';
import type { Clipboard } from './clipboard.ts';
import { plainText, textMatches, TIMEOUT, waitUntil, wholeText, type Text } from './waiting.ts';
import { webviewFrameWithin } from './webview.ts';

/** Selects and copies in one go on every platform but macOS, where the key is another. */
const MODIFIER = process.platform === 'darwin' ? 'Meta' : 'Control';

/** The active editor. */
export class ActiveEditor {
  readonly #page: Page;
  readonly #clipboard: Clipboard;

  constructor(page: Page, clipboard: Clipboard) {
    this.#page = page;
    this.#clipboard = clipboard;
  }

  /** The tab's label; empty if no editor is open. */
  async title(): Promise<string> {
    const tab = this.#page.locator('.editor-group-container.active .tab.active .label-name');
    return (await tab.count()) === 0 ? '' : plainText(await tab.first().textContent());
  }

  async waitForTitle(title: Text): Promise<void> {
    let last = '';
    await waitUntil(
      async () => {
        last = await this.title();
        return textMatches(last, title);
      },
      () => `an editor titled ${String(title)}; it is "${last}"`,
    );
  }

  /** The language's name as the status bar shows it, such as `JSON`. */
  async language(): Promise<string> {
    const mode = this.#page.locator('.part.statusbar [id="status.editor.mode"]');
    await mode.waitFor({ timeout: TIMEOUT });
    return plainText(await mode.textContent());
  }

  /**
   * The whole document. The page only holds the lines in sight, so it is copied as a user would; the
   * clipboard's text is put back, and the cursor ends at the start.
   */
  async text(): Promise<string> {
    const before = await this.#clipboard.read();
    const marker = `not copied yet ${process.hrtime.bigint()}`;
    await this.#clipboard.write(marker);
    await this.focus();
    await this.#page.keyboard.press(`${MODIFIER}+a`);
    await this.#page.keyboard.press(`${MODIFIER}+c`);
    const text = await this.#clipboard.waitFor(new RegExp(`^(?!${marker}$)`));
    await this.#page.keyboard.press(`${MODIFIER}+Home`);
    await this.#clipboard.write(before);
    return text;
  }

  /** Types at the cursor. */
  async type(text: string): Promise<void> {
    await this.focus();
    await this.#page.keyboard.insertText(text);
  }

  /** Replaces the whole document. */
  async setText(text: string): Promise<void> {
    await this.focus();
    await this.#page.keyboard.press(`${MODIFIER}+a`);
    await this.#page.keyboard.insertText(text);
  }

  /** Presses a code lens by its title. */
  async clickLens(title: Text): Promise<void> {
    const lenses = this.#editor.locator('.codelens-decoration a');
    await lenses
      .filter({ hasText: wholeText(title) })
      .first()
      .click({ timeout: TIMEOUT });
  }

  /** The document of a webview that is open as an editor. */
  async webview(): Promise<Frame> {
    const content = this.#page.locator('.editor-group-container.active > .editor-container');
    return webviewFrameWithin(this.#page, content);
  }

  /** Puts the keyboard into the text without moving the cursor. */
  async focus(): Promise<void> {
    await this.#editor.locator('.view-lines').waitFor({ timeout: TIMEOUT });
    await this.#editor.locator('.native-edit-context, textarea.inputarea').first().focus();
  }

  get #editor(): Locator {
    return this.#page
      .locator('.editor-group-container.active .editor-instance .monaco-editor')
      .first();
  }
}

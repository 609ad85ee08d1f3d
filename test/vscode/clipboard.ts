import type { Page } from 'playwright-core';
import { textMatches, waitUntil, type Text } from './waiting.ts';

/** The clipboard of the browser, which is VS Code's and that of `vscode.env.clipboard`. */
export class Clipboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async read(): Promise<string> {
    return this.#page.evaluate(async () => navigator.clipboard.readText());
  }

  async write(text: string): Promise<void> {
    await this.#page.evaluate(async (value) => navigator.clipboard.writeText(value), text);
  }

  /** Waits until it holds the text: a command that copies does so after it was run. */
  async waitFor(text: Text): Promise<string> {
    let last = '';
    await waitUntil(
      async () => {
        last = await this.read();
        return textMatches(last, text);
      },
      () => `the clipboard to hold ${String(text)}; it holds ${JSON.stringify(last)}`,
    );
    return last;
  }
}

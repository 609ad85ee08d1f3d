import type { Frame, Locator, Page } from 'playwright-core';
import { Menu } from './menu.ts';
import { TreeView } from './tree-view.ts';
import { plainText, START_TIMEOUT, TIMEOUT, wholeText, type Text } from './waiting.ts';
import { webviewFrameWithin } from './webview.ts';

/** A view, in the side bar or wherever the user has moved it. */
export class View {
  /** The rows, if it is a tree. */
  readonly tree: TreeView;
  readonly locator: Locator;
  readonly #page: Page;

  /** @param idOrTitle the view's id from the manifest, or its title as shown. */
  constructor(page: Page, idOrTitle: string) {
    this.#page = page;
    const id = idOrTitle.replaceAll('.', '-');
    const header = page.locator(
      `.pane-header:has(.icon.view-${escapeCss(id)}), ` +
        `.pane-header:has(h3.title:text-is(${JSON.stringify(idOrTitle)}))`,
    );
    this.locator = page.locator('.pane').filter({ has: header });
    this.tree = new TreeView(page, this.locator);
  }

  async title(): Promise<string> {
    return plainText(await this.locator.locator('.pane-header h3.title').textContent());
  }

  /** The text beside the title. */
  async description(): Promise<string> {
    const description = this.locator.locator('.pane-header .description');
    return (await description.count()) === 0 ? '' : plainText(await description.textContent());
  }

  async isExpanded(): Promise<boolean> {
    return (await this.#header.getAttribute('aria-expanded')) === 'true';
  }

  async expand(): Promise<void> {
    await this.locator.waitFor({ timeout: TIMEOUT });
    if (!(await this.isExpanded())) await this.#header.click({ timeout: TIMEOUT });
  }

  async collapse(): Promise<void> {
    await this.locator.waitFor({ timeout: TIMEOUT });
    if (await this.isExpanded()) await this.#header.click({ timeout: TIMEOUT });
  }

  /** Presses a button of the view's title bar, by its tooltip. */
  async clickAction(name: Text): Promise<void> {
    await this.#header.hover({ timeout: TIMEOUT });
    await this.#header
      .getByRole('button', { name, exact: true })
      .first()
      .click({ timeout: TIMEOUT });
  }

  /** The names of the title bar's buttons. */
  async actions(): Promise<string[]> {
    await this.#header.hover({ timeout: TIMEOUT });
    return this.#header
      .locator('.actions .action-label')
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label') ?? ''));
  }

  /** Opens the title bar's "..." menu. */
  async openMoreActions(): Promise<Menu> {
    await this.clickAction(/^(?:Views and )?More Actions/);
    return new Menu(this.#page);
  }

  /** What the view says while it has nothing to show: paragraphs and the names of the buttons. */
  async welcome(): Promise<{ text: string; links: string[] }> {
    const content = this.locator.locator('.welcome-view-content');
    await content.waitFor({ timeout: TIMEOUT });
    const paragraphs = await content.locator('p').allTextContents();
    const links = await content.locator('a').allTextContents();
    return { text: paragraphs.map(plainText).join('\n'), links: links.map(plainText) };
  }

  async clickWelcomeLink(name: Text): Promise<void> {
    const links = this.locator.locator('.welcome-view-content a');
    await links.filter({ hasText: wholeText(name) }).click({ timeout: TIMEOUT });
  }

  /**
   * The document inside a webview view, to be used as any Playwright frame. It is a new one after
   * the extension has set `html` anew, or the view was hidden without being retained.
   */
  async webview(): Promise<Frame> {
    const body = this.locator.locator('.pane-body');
    return webviewFrameWithin(this.#page, body);
  }

  get #header(): Locator {
    return this.locator.locator('.pane-header').first();
  }
}

/** A side bar that was asked for is there within this, in milliseconds, or was closed again. */
const SETTLE_TIMEOUT = 3_000;

/** The activity bar and the side bar that it fills. */
export class SideBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Shows a view container by the title of its icon; leaves it open if it is. */
  async open(title: string): Promise<void> {
    const tab = this.#tab(title);
    await tab.waitFor({ timeout: START_TIMEOUT });
    const heading = this.#part.locator('.composite.title h2').filter({ hasText: title });
    // A window that has just been loaded may open its side bar by itself: then the click closes it.
    for (let clicks = 0; clicks < 2 && !(await heading.isVisible()); clicks += 1) {
      if ((await tab.getAttribute('aria-expanded')) !== 'true') {
        await tab.click({ timeout: TIMEOUT });
      }
      await heading.waitFor({ timeout: SETTLE_TIMEOUT }).catch(() => undefined);
    }
    await heading.waitFor({ timeout: TIMEOUT });
  }

  /** The number on a container's icon; empty if there is none. */
  async badge(title: string): Promise<string> {
    return plainText(await this.#tab(title).locator('.badge-content').textContent());
  }

  /** The titles of the views in the container that is open. */
  async viewTitles(): Promise<string[]> {
    const titles = await this.#part.locator('.pane-header h3.title').allTextContents();
    return titles.map(plainText);
  }

  async width(): Promise<number> {
    return (await this.#part.boundingBox())?.width ?? 0;
  }

  /** Drags the edge of the side bar. VS Code allows no less than 170 px. */
  async setWidth(pixels: number): Promise<void> {
    const box = await this.#part.boundingBox();
    if (box === null) throw new Error('The side bar is closed');
    const edge = this.#page.locator('.monaco-sash.vertical:not(.disabled)');
    const y = box.y + box.height / 2;
    for (const sash of await edge.all()) {
      const place = await sash.boundingBox();
      if (place === null || Math.abs(place.x + place.width / 2 - (box.x + box.width)) > 8) continue;
      const x = place.x + place.width / 2;
      await this.#page.mouse.move(x, y);
      await this.#page.mouse.down();
      await this.#page.mouse.move(x + pixels - box.width, y, { steps: 4 });
      await this.#page.mouse.up();
      return;
    }
    throw new Error('The side bar has no edge to drag');
  }

  get #part(): Locator {
    return this.#page.locator('.part.sidebar');
  }

  #tab(title: string): Locator {
    const label = this.#page.locator(`.action-label[aria-label^=${JSON.stringify(title)}]`);
    return this.#page.locator('.part.activitybar [role=tab]').filter({ has: label });
  }
}

function escapeCss(id: string): string {
  return id.replace(/[^\w-]/g, '\\$&');
}

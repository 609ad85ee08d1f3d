import type { Locator, Page } from 'playwright-core';
import { hoverText } from './hover.ts';
import { Menu } from './menu.ts';
import { plainText, textMatches, TIMEOUT, waitUntil, wholeText, type Text } from './waiting.ts';

export interface TreeRowState {
  readonly label: string;
  readonly description: string;
  /** The codicon's name; empty if it has another icon or none. */
  readonly icon: string;
  /** 1 at the top. */
  readonly level: number;
  readonly expanded: boolean;
  readonly selected: boolean;
  /** What a screen reader says. */
  readonly ariaLabel: string;
}

export class TreeRow {
  readonly locator: Locator;
  readonly #page: Page;

  constructor(page: Page, locator: Locator) {
    this.#page = page;
    this.locator = locator;
  }

  async click(): Promise<void> {
    await this.locator.click({ timeout: TIMEOUT });
  }

  async doubleClick(): Promise<void> {
    await this.locator.dblclick({ timeout: TIMEOUT });
  }

  async expand(): Promise<void> {
    if ((await this.locator.getAttribute('aria-expanded')) === 'true') return;
    await this.locator.locator('.monaco-tl-twistie').click({ timeout: TIMEOUT });
  }

  /** Presses a button that the row shows while the mouse is over it. */
  async clickInlineAction(name: Text): Promise<void> {
    await this.locator.hover({ timeout: TIMEOUT });
    await this.locator.getByRole('button', { name, exact: true }).click({ timeout: TIMEOUT });
  }

  async openContextMenu(): Promise<Menu> {
    const menu = new Menu(this.#page);
    await menu.openOn(this.locator);
    return menu;
  }

  async tooltip(): Promise<string> {
    return hoverText(this.#page, this.locator.locator('.monaco-icon-label').first());
  }
}

/** The rows of a tree view. VS Code only keeps those in the page that are in sight. */
export class TreeView {
  readonly #page: Page;
  readonly #view: Locator;

  constructor(page: Page, view: Locator) {
    this.#page = page;
    this.#view = view;
  }

  /** The rows in sight, from the top. */
  async rows(): Promise<TreeRowState[]> {
    const rows = await this.#rows.evaluateAll((elements) =>
      elements
        .map((row) => ({
          index: Number(row.getAttribute('data-index')),
          label: row.querySelector('.label-name')?.textContent ?? '',
          description: row.querySelector('.label-description')?.textContent ?? '',
          icon: row.querySelector('.custom-view-tree-node-item-icon')?.className ?? '',
          level: Number(row.getAttribute('aria-level')),
          expanded: row.getAttribute('aria-expanded') === 'true',
          selected: row.getAttribute('aria-selected') === 'true',
          ariaLabel: row.getAttribute('aria-label') ?? '',
        }))
        // In the page they are in the order in which they came into sight.
        .sort((a, b) => a.index - b.index),
    );
    return rows.map((row) => ({
      label: plainText(row.label),
      description: plainText(row.description),
      icon: /codicon-(?!colored|modifier)([\w-]+)/.exec(row.icon)?.[1] ?? '',
      level: row.level,
      expanded: row.expanded,
      selected: row.selected,
      ariaLabel: row.ariaLabel,
    }));
  }

  /** Waits until the rows in sight satisfy the condition. */
  async waitForRows(
    condition: (rows: readonly TreeRowState[]) => boolean,
    timeout: number = TIMEOUT,
  ): Promise<TreeRowState[]> {
    let rows: TreeRowState[] = [];
    await waitUntil(
      async () => {
        rows = await this.rows();
        return condition(rows);
      },
      () => `other rows; there are ${JSON.stringify(rows.map((row) => row.label))}`,
      timeout,
    );
    return rows;
  }

  /** Waits for a row in sight. */
  async row(label: Text): Promise<TreeRow> {
    await this.waitForRows((rows) => rows.some((row) => textMatches(row.label, label)));
    return this.#rowInSight(label);
  }

  /** Scrolls through the whole list until the row is in sight. */
  async scrollTo(label: Text): Promise<TreeRow> {
    await this.#scroll(-1_000_000);
    for (;;) {
      const row = this.#rowInSight(label);
      if ((await row.locator.count()) > 0) return row;
      if ((await this.#rows.and(this.#page.locator('[data-last-element=true]')).count()) > 0) break;
      const box = await this.#view.locator('.monaco-list').first().boundingBox();
      await this.#scroll(Math.max((box?.height ?? 0) - 22, 22));
    }
    throw new Error(`The tree has no row ${String(label)}`);
  }

  /** Scrolls and lets two frames pass, after which the list has drawn the rows. */
  async #scroll(pixels: number): Promise<void> {
    // Not with the mouse: a tooltip may lie in its way. VS Code reads the old property, of which 120
    // stand for 50 px upwards.
    const wheelDeltaY = (-pixels * 120) / 50;
    const list = this.#view.locator('.monaco-list > .monaco-scrollable-element').first();
    await list.dispatchEvent('wheel', { wheelDeltaY, bubbles: true, cancelable: true });
    await this.#page.evaluate(
      async () =>
        new Promise((resolve) => {
          requestAnimationFrame(() => requestAnimationFrame(resolve));
        }),
    );
  }

  get #rows(): Locator {
    return this.#view.locator('.monaco-list-row[role=treeitem]');
  }

  #rowInSight(label: Text): TreeRow {
    const name = this.#page.locator('.label-name').filter({ hasText: wholeText(label) });
    return new TreeRow(this.#page, this.#rows.filter({ has: name }).first());
  }
}

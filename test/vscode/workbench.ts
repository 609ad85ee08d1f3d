import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../browser.ts';
import { Clipboard } from './clipboard.ts';
import { ActiveEditor } from './editor.ts';
import { Menu } from './menu.ts';
import { ModalDialog, Notifications } from './notifications.ts';
import { RESULTS } from './paths.ts';
import { QuickInput } from './quick-input.ts';
import { VsCodeServer, type ServerOptions } from './server.ts';
import { THEMES, type Settings, type Theme } from './settings.ts';
import { StatusBar } from './status-bar.ts';
import { SideBar, View } from './views.ts';
import { START_TIMEOUT, TIMEOUT, waitUntil, type Text } from './waiting.ts';

/** Lines of the window's console that say nothing, each time the same. */
const CHATTER = /gallery as it is disabled|AccountPolicyGate|reconnection-grace-time|a socket \(/;

export interface WorkbenchOptions extends ServerOptions {
  /** The size of the window in pixels. Default: 1280 by 800. */
  readonly window?: { readonly width: number; readonly height: number };
}

/** How long the palette is given to list a command before it is opened anew. */
const PALETTE_PATIENCE = 1_500;

/** A VS Code that a test drives as its user would: by what is on the screen. */
export class Workbench {
  /** For what has no helper. */
  readonly page: Page;
  readonly server: VsCodeServer;
  readonly quickInput: QuickInput;
  readonly statusBar: StatusBar;
  readonly sideBar: SideBar;
  readonly notifications: Notifications;
  readonly dialog: ModalDialog;
  readonly menu: Menu;
  readonly editor: ActiveEditor;
  readonly clipboard: Clipboard;
  readonly #browser: Browser;
  readonly #console: string[];

  private constructor(server: VsCodeServer, browser: Browser, page: Page, console: string[]) {
    this.server = server;
    this.page = page;
    this.quickInput = new QuickInput(page);
    this.statusBar = new StatusBar(page);
    this.sideBar = new SideBar(page);
    this.notifications = new Notifications(page);
    this.dialog = new ModalDialog(page);
    this.menu = new Menu(page);
    this.clipboard = new Clipboard(page);
    this.editor = new ActiveEditor(page, this.clipboard);
    this.#browser = browser;
    this.#console = console;
  }

  /** Starts a server and opens its workbench in a browser of its own. */
  static async open(options: WorkbenchOptions = {}): Promise<Workbench> {
    const server = await VsCodeServer.start(options);
    try {
      const browser = await launchBrowser();
      try {
        const console: string[] = [];
        const page = await openPage(browser, server.url, options, console);
        const workbench = new Workbench(server, browser, page, console);
        await page.goto(server.url, { timeout: START_TIMEOUT });
        await workbench.#waitForReady();
        return workbench;
      } catch (error) {
        await browser.close();
        throw error;
      }
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /**
   * Runs a command from the palette by its full title there, category included: `Caronte: Stop`.
   * Waits for the command if its extension is not known yet.
   */
  async runCommand(title: string): Promise<void> {
    const deadline = Date.now() + TIMEOUT;
    for (;;) {
      await this.page.keyboard.press('F1');
      await this.quickInput.waitForOpen();
      await this.quickInput.type(`>${title}`);
      if (await this.quickInput.hasItem(title, PALETTE_PATIENCE)) break;
      await this.quickInput.cancel();
      if (Date.now() > deadline) throw new Error(`The palette has no command "${title}"`);
    }
    await this.quickInput.pick(title);
    await waitUntil(
      async () =>
        !(await this.quickInput.isOpen()) || (await this.quickInput.value()) !== `>${title}`,
      () => 'the palette to close',
    );
  }

  /** A view by its id or title. */
  view(idOrTitle: string): View {
    return new View(this.page, idOrTitle);
  }

  /** Presses keys, such as `Control+K` or `Escape`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Presses a link or a button anywhere in the workbench. */
  async clickButton(name: Text): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).first().click({ timeout: TIMEOUT });
  }

  /** Closes and opens the window: a new extension host, the same storage. */
  async reload(): Promise<void> {
    await this.page.reload({ timeout: START_TIMEOUT });
    await this.#waitForReady();
  }

  /** Changes settings by a file; those of the start stay unless named here. */
  async changeSettings(settings: Settings): Promise<void> {
    await this.server.changeSettings(settings);
  }

  /** Changes the theme and waits until it shows. */
  async changeTheme(theme: Theme): Promise<void> {
    await this.server.changeSettings({ 'workbench.colorTheme': THEMES[theme] });
    const base = {
      dark: 'vs-dark',
      light: 'vs',
      highContrast: 'hc-black',
      highContrastLight: 'hc-light',
    };
    await this.page.locator(`.monaco-workbench.${base[theme]}`).waitFor({ timeout: TIMEOUT });
  }

  /** With Workspace Trust on: trusts the folder, as the button of its editor does. */
  async trustWorkspace(): Promise<void> {
    await this.runCommand('Workspaces: Manage Workspace Trust');
    const editor = this.page.locator('.workspace-trust-editor');
    await editor.getByRole('button', { name: 'Trust', exact: true }).click({ timeout: TIMEOUT });
    await editor.locator('.workspace-trust-trusted').first().waitFor({ timeout: TIMEOUT });
    await this.runCommand('View: Close Editor');
    await editor.waitFor({ state: 'hidden', timeout: TIMEOUT });
  }

  /** Writes `test-results/<name>.png`; returns its path. */
  async screenshot(name: string): Promise<string> {
    await mkdir(RESULTS, { recursive: true });
    const path = join(RESULTS, `${name.replace(/[^\w.-]+/g, '-')}.png`);
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    return path;
  }

  /** What server, extension hosts and window have said so far, for the report of a failure. */
  async diagnostics(): Promise<string> {
    return [
      `--- server ---\n${this.server.output.trim()}`,
      `--- window ---\n${this.#console.join('\n')}`,
      await this.server.logs(),
    ].join('\n\n');
  }

  /** Ends the browser and the server and removes their folders. */
  async close(): Promise<void> {
    try {
      await this.#browser.close();
    } finally {
      await this.server.close();
    }
  }

  async #waitForReady(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor({ timeout: START_TIMEOUT });
    await waitUntil(
      async () => (await this.statusBar.ids()).length > 0,
      () => 'the status bar',
      START_TIMEOUT,
    );
  }
}

async function openPage(
  browser: Browser,
  url: string,
  options: WorkbenchOptions,
  console: string[],
): Promise<Page> {
  const context = await browser.newContext({
    viewport: options.window ?? { width: 1280, height: 800 },
    locale: 'en-US',
    reducedMotion: 'reduce',
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], {
    origin: new URL(url).origin,
  });
  // tsx wraps named functions in a call of `__name`, which a page does not know.
  await context.addInitScript('globalThis.__name ??= (target) => target;');
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT);
  page.on('console', (message) => {
    const text = message.text().replace(/^%c\s*|(?<= )color: #?\w+ ?/g, '');
    if (!CHATTER.test(text)) console.push(`[${message.type()}] ${text}`);
  });
  page.on('pageerror', (error) => console.push(`[error] ${error.stack ?? error.message}`));
  page.on('crash', () => console.push('[crash] the page'));
  browser.on('disconnected', () => console.push('[crash] the browser has ended'));
  // "Leave site?" on a reload with unsaved editors.
  page.on('dialog', (dialog) => void dialog.accept());
  return page;
}

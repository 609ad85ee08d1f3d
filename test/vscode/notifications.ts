import type { Locator, Page } from 'playwright-core';
import { plainText, TIMEOUT, type Text } from './waiting.ts';

export interface NotificationState {
  readonly kind: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly buttons: readonly string[];
}

/** One notification that is showing in the corner of the window. */
export class Notification {
  readonly #toast: Locator;

  constructor(toast: Locator) {
    this.#toast = toast;
  }

  async read(): Promise<NotificationState> {
    const raw = await this.#toast.evaluate((toast) => ({
      icon: toast.querySelector('.notification-list-item-icon')?.className ?? '',
      message: toast.querySelector('.notification-list-item-message')?.textContent ?? '',
      buttons: Array.from(
        toast.querySelectorAll('.notification-list-item-buttons-container .monaco-text-button'),
        (button) => button.textContent ?? '',
      ),
    }));
    const kind = /codicon-(info|warning|error)/.exec(raw.icon)?.[1];
    return {
      kind: kind === 'warning' || kind === 'error' ? kind : 'info',
      message: plainText(raw.message),
      buttons: raw.buttons.map(plainText),
    };
  }

  async click(button: Text): Promise<void> {
    await this.#toast
      .getByRole('button', { name: button, exact: true })
      .click({ timeout: TIMEOUT });
  }

  /** Closes it without an answer. */
  async dismiss(): Promise<void> {
    await this.#toast.hover({ timeout: TIMEOUT });
    await this.#toast.locator('.codicon-notifications-clear').click({ timeout: TIMEOUT });
  }
}

export class Notifications {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Waits for one whose message contains the text or matches the pattern. */
  async find(message: Text): Promise<Notification> {
    const text = this.#page.locator('.notification-list-item-message', { hasText: message });
    const toast = this.#toasts.filter({ has: text }).first();
    await toast.waitFor({ timeout: TIMEOUT });
    return new Notification(toast);
  }

  /** Those that show now, the newest first. */
  async all(): Promise<NotificationState[]> {
    const toasts = await this.#toasts.all();
    return Promise.all(toasts.map(async (toast) => new Notification(toast).read()));
  }

  /** Closes all of them, the hidden ones of the notification centre included. */
  async dismissAll(): Promise<void> {
    while ((await this.#toasts.count()) > 0) {
      const before = await this.#toasts.count();
      await new Notification(this.#toasts.first()).dismiss();
      await this.#toasts.nth(before - 1).waitFor({ state: 'hidden', timeout: TIMEOUT });
    }
  }

  get #toasts(): Locator {
    return this.#page.locator('.notifications-toasts .notification-list-item');
  }
}

/** A modal message, which holds up everything else until it is answered. */
export class ModalDialog {
  readonly #box: Locator;

  constructor(page: Page) {
    this.#box = page.locator('.monaco-dialog-box');
  }

  /** Waits for it. */
  async read(): Promise<{ message: string; detail: string; buttons: string[] }> {
    await this.#box.waitFor({ timeout: TIMEOUT });
    const detail = this.#box.locator('.dialog-message-detail');
    const buttons = await this.#box.locator('.dialog-buttons .monaco-button').allTextContents();
    return {
      message: plainText(await this.#box.locator('.dialog-message-text').textContent()),
      detail: (await detail.count()) === 0 ? '' : plainText(await detail.textContent()),
      buttons: buttons.map(plainText),
    };
  }

  async click(button: Text): Promise<void> {
    await this.#box.getByRole('button', { name: button, exact: true }).click({ timeout: TIMEOUT });
    await this.#box.waitFor({ state: 'hidden', timeout: TIMEOUT });
  }
}

import type { SecretStorage } from 'vscode';
import type { Secrets } from './launcher.ts';

const PREFIX = 'caronte.secret:';

/** The secrets of proxies in the editor's secret storage, one for each origin. */
export class SecretVault implements Secrets {
  readonly #storage: SecretStorage;

  constructor(storage: SecretStorage) {
    this.#storage = storage;
  }

  async get(proxyUrl: string): Promise<string | undefined> {
    return this.#storage.get(keyOf(proxyUrl));
  }

  async set(proxyUrl: string, secret: string): Promise<void> {
    await this.#storage.store(keyOf(proxyUrl), secret);
  }
}

function keyOf(proxyUrl: string): string {
  return PREFIX + new URL(proxyUrl).origin;
}

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type {
  Handlers,
  HostMessages,
  Message,
  Side,
  ViewMessages,
} from '../../shared/request-view.ts';
import { Disposables } from '../base/disposables.ts';
import { Throttle } from '../base/throttle.ts';
import { loadViewedBody } from '../bodies/load.ts';
import type { HistoryStore } from '../history/store.ts';
import { VIEW } from '../ids.ts';
import { requestViewHtml } from './request-view-html.ts';

export interface RequestViewActions {
  readonly openBody: (key: string, side: Side) => void;
  readonly copyBody: (key: string, side: Side) => void;
  readonly copyText: (text: string) => void;
}

/** An exchange that changes while it is shown is shown anew at most this often, in milliseconds. */
const MAX_REFRESH_MS = 200;

const SIDES: readonly Side[] = ['request', 'response'];

/** The Request view: shows one exchange of the history. */
export class RequestView implements vscode.WebviewViewProvider {
  readonly #folder: vscode.Uri;
  readonly #history: HistoryStore;
  readonly #handlers: Handlers<ViewMessages>;
  readonly #owned = new Disposables();
  readonly #throttle: Throttle;
  #view: vscode.WebviewView | undefined;
  #ready = false;
  #key: string | undefined;
  /** Grows with each showing: what was loaded for an earlier one is not shown any more. */
  #turn = 0;

  /** `folder` holds the view's script and style. */
  constructor(folder: vscode.Uri, history: HistoryStore, actions: RequestViewActions) {
    this.#folder = folder;
    this.#history = history;
    this.#handlers = {
      ready: () => {
        this.#ready = true;
        void this.#send();
      },
      copyText: ({ text }) => {
        actions.copyText(text);
      },
      copyBody: ({ key, side }) => {
        actions.copyBody(key, side);
      },
      openBody: ({ key, side }) => {
        actions.openBody(key, side);
      },
    };
    this.#throttle = this.#owned.add(new Throttle(() => void this.#send(), MAX_REFRESH_MS));
    this.#owned.add(
      history.changed.on((key) => {
        if (this.#key === undefined) return;
        const gone = this.#history.get(this.#key) === undefined;
        if (gone) this.#key = undefined;
        if (gone || key === this.#key) this.#throttle.request();
      }),
    );
  }

  /** The key of the exchange that is shown. */
  get key(): string | undefined {
    return this.#key;
  }

  /** Shows an exchange. `reveal` opens the view where it is closed; the focus stays where it is. */
  async show(key: string, reveal: boolean): Promise<void> {
    if (key !== this.#key) {
      this.#key = key;
      void this.#send();
    }
    if (!reveal) return;
    if (this.#view === undefined) {
      await vscode.commands.executeCommand(`${VIEW.request}.focus`, { preserveFocus: true });
    } else {
      this.#view.show(true);
    }
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#ready = false;
    view.webview.options = { enableScripts: true, localResourceRoots: [this.#folder] };
    view.webview.onDidReceiveMessage((message: unknown) => {
      this.#receive(message);
    });
    view.onDidDispose(() => {
      if (this.#view === view) this.#view = undefined;
    });
    view.webview.html = requestViewHtml({
      script: view.webview.asWebviewUri(vscode.Uri.joinPath(this.#folder, 'main.js')).toString(),
      style: view.webview.asWebviewUri(vscode.Uri.joinPath(this.#folder, 'main.css')).toString(),
      cspSource: view.webview.cspSource,
      nonce: randomBytes(16).toString('base64url'),
      language: vscode.env.language,
    });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #receive(message: unknown): void {
    if (!isViewMessage(message, this.#handlers)) return;
    dispatch(this.#handlers, message);
  }

  async #send(): Promise<void> {
    if (this.#view === undefined || !this.#ready) return;
    const turn = ++this.#turn;
    const key = this.#key;
    const entry = key === undefined ? undefined : this.#history.get(key);
    const details = key === undefined ? undefined : await this.#history.details(key);
    if (turn !== this.#turn) return;
    if (key === undefined || entry === undefined || details === undefined) {
      this.#post({ type: 'clear' });
      return;
    }
    const { method, target, outcome } = this.#history.get(key) ?? entry;
    this.#post({ type: 'exchange', exchange: { key, method, target, outcome, ...details } });
    for (const side of SIDES) {
      const body = await loadViewedBody(this.#history, key, side, details);
      if (turn !== this.#turn) return;
      this.#post({ type: 'body', key, side, body });
    }
  }

  #post(message: Message<HostMessages>): void {
    void this.#view?.webview.postMessage(message);
  }
}

/** A webview is not trusted further than its messages' form. */
function isViewMessage(
  message: unknown,
  handlers: Handlers<ViewMessages>,
): message is Message<ViewMessages> {
  if (typeof message !== 'object' || message === null) return false;
  const { type, key, side, text } = message as Record<string, unknown>;
  if (typeof type !== 'string' || !Object.hasOwn(handlers, type)) return false;
  if (type === 'ready') return true;
  if (type === 'copyText') return typeof text === 'string';
  return typeof key === 'string' && (side === 'request' || side === 'response');
}

function dispatch(handlers: Handlers<ViewMessages>, message: Message<ViewMessages>): void {
  switch (message.type) {
    case 'ready':
      handlers.ready(message);
      break;
    case 'copyText':
      handlers.copyText(message);
      break;
    case 'copyBody':
      handlers.copyBody(message);
      break;
    case 'openBody':
      handlers.openBody(message);
  }
}

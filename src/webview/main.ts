import type {
  Handlers,
  HostMessages,
  Message,
  Side,
  ViewedBody,
  ViewedExchange,
  ViewMessages,
} from '../shared/request-view.ts';
import { h } from './dom.ts';
import { exchangeView, type ViewState } from './exchange-view.ts';
import './main.css';

/** What a host gives a page: the editor's webviews have it built in. */
interface Host {
  postMessage(message: Message<ViewMessages>): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const root = document.getElementById('root') ?? document.body;

let state: ViewState = readState(host.getState());
let exchange: ViewedExchange | undefined;
let bodies: Partial<Record<Side, ViewedBody>> = {};

const handlers: Handlers<HostMessages> = {
  clear: () => {
    exchange = undefined;
    render();
  },
  exchange: (message) => {
    // Both bodies follow; until they are there, those of the same exchange stay.
    if (message.exchange.key !== exchange?.key) {
      bodies = {};
      window.scrollTo(0, 0);
    }
    exchange = message.exchange;
    render();
  },
  body: ({ key, side, body }) => {
    if (key !== exchange?.key) return;
    bodies = { ...bodies, [side]: body };
    render();
  },
};

window.addEventListener('message', (event: MessageEvent<Message<HostMessages>>) => {
  const message = event.data;
  switch (message.type) {
    case 'clear':
      handlers.clear(message);
      break;
    case 'exchange':
      handlers.exchange(message);
      break;
    case 'body':
      handlers.body(message);
  }
});

function render(): void {
  const shown = exchange;
  if (shown === undefined) {
    root.replaceChildren(h('p', { class: 'empty' }, 'Select a request to see it here.'));
    return;
  }
  const focused = document.activeElement?.id ?? '';
  root.replaceChildren(
    exchangeView({
      exchange: shown,
      bodies,
      state,
      onState: (change) => {
        state = { ...state, ...change };
        host.setState(state);
      },
      copyText: (text) => {
        host.postMessage({ type: 'copyText', text });
      },
      copyBody: (side) => {
        host.postMessage({ type: 'copyBody', key: shown.key, side });
      },
      openBody: (side) => {
        host.postMessage({ type: 'openBody', key: shown.key, side });
      },
    }),
  );
  if (focused !== '') document.getElementById(focused)?.focus();
}

function readState(saved: unknown): ViewState {
  const { tab, headersOpen } = (saved ?? {}) as Partial<ViewState>;
  return {
    tab: tab === 'response' || tab === 'details' ? tab : 'request',
    headersOpen: headersOpen === true,
  };
}

render();
host.postMessage({ type: 'ready' });

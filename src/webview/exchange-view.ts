import type { Side, ViewedBody, ViewedExchange } from '../shared/request-view.ts';
import { detailsPanel } from './details-panel.ts';
import { h, icon, iconButton } from './dom.ts';
import { durationText } from '../shared/figures.ts';
import { queuedLine, staleWarning } from './queued.ts';
import { messagePanel } from './message-panel.ts';
import { verdict } from './outcome.ts';
import { tabList } from './tabs.ts';
import { visible, visibleLatin1 } from './visible.ts';

export type TabId = 'request' | 'response' | 'details';

/** What of the view outlives the exchange that it shows. */
export interface ViewState {
  readonly tab: TabId;
  readonly headersOpen: boolean;
}

export interface ExchangeViewParts {
  readonly exchange: ViewedExchange;
  readonly bodies: Readonly<Partial<Record<Side, ViewedBody>>>;
  readonly state: ViewState;
  readonly onState: (change: Partial<ViewState>) => void;
  readonly copyText: (text: string) => void;
  readonly copyBody: (side: Side) => void;
  readonly openBody: (side: Side) => void;
}

/** One exchange: what it was and what became of it, then request, response and the rest as tabs. */
export function exchangeView(parts: ExchangeViewParts): HTMLElement {
  const { exchange, state } = parts;
  const panels = {
    request: sidePanel('request', parts),
    response: sidePanel('response', parts),
    details: h('section', {}, detailsPanel(exchange)),
  };
  const tabs = tabList(
    'Parts of the exchange',
    [
      { id: 'request', label: 'Request', panel: panels.request },
      { id: 'response', label: 'Response', panel: panels.response },
      { id: 'details', label: 'Details', panel: panels.details },
    ],
    state.tab,
    (tab) => {
      parts.onState({ tab });
    },
  );
  return h('article', {}, head(parts), tabs, panels.request, panels.response, panels.details);
}

function head({ exchange, copyText }: ExchangeViewParts): HTMLElement {
  const { text, icon: iconName, tone, problem } = verdict(exchange);
  const { timing } = exchange;
  const took =
    timing.endedAt === undefined
      ? []
      : [durationText(Math.max(0, timing.endedAt - timing.receivedAt))];
  const time = new Date(timing.receivedAt).toLocaleTimeString();
  return h(
    'header',
    {},
    h(
      'div',
      { class: 'what' },
      h(
        'h1',
        {},
        h('span', { class: 'method' }, visibleLatin1(exchange.method)),
        ' ',
        h('span', { class: 'path' }, visibleLatin1(exchange.target)),
      ),
      iconButton('copy', 'Copy URL', () => {
        copyText(exchange.url);
      }),
    ),
    h(
      'div',
      { class: 'result' },
      h('span', { class: `verdict ${tone}` }, icon(iconName), visibleLatin1(text)),
      h('span', { class: 'faint' }, [...took, time].join(' · ')),
      exchange.queued === undefined
        ? undefined
        : h('span', { class: 'faint' }, queuedLine(exchange.queued, timing)),
    ),
    problem === undefined
      ? undefined
      : h('p', { class: `problem ${tone}` }, visibleLatin1(problem)),
    ...staleWarning(exchange.queued, timing).map((text) =>
      h('p', { class: 'problem warn' }, visible(text)),
    ),
  );
}

function sidePanel(side: Side, parts: ExchangeViewParts): HTMLElement {
  const { exchange, bodies, state } = parts;
  if (side === 'response' && exchange.response === undefined) {
    const waiting = exchange.outcome.kind === 'open';
    return h(
      'section',
      {},
      h('p', { class: 'faint' }, waiting ? 'No answer yet' : 'The target gave no answer'),
    );
  }
  return h(
    'section',
    {},
    messagePanel({
      side,
      fields: side === 'request' ? exchange.requestFields : (exchange.response?.fields ?? []),
      trailers: side === 'request' ? [] : (exchange.response?.trailers ?? []),
      body: bodies[side],
      headersOpen: state.headersOpen,
      onHeadersToggle: (headersOpen) => {
        parts.onState({ headersOpen });
      },
      actions: {
        copy: () => {
          parts.copyBody(side);
        },
        open: () => {
          parts.openBody(side);
        },
      },
    }),
  );
}

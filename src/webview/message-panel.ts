import type { Fields, Side, ViewedBody } from '../shared/request-view.ts';
import { type BodyActions, bodyView } from './body-view.ts';
import { h } from './dom.ts';
import { headerTable } from './field-table.ts';

export interface MessagePanelParts {
  readonly side: Side;
  readonly fields: Fields;
  readonly trailers: Fields;
  /** Undefined until the host has sent it. */
  readonly body: ViewedBody | undefined;
  readonly headersOpen: boolean;
  readonly onHeadersToggle: (open: boolean) => void;
  readonly actions: BodyActions;
}

/** A request or a response: its headers, folded at first, and its body. */
export function messagePanel(parts: MessagePanelParts): HTMLElement {
  const { side, fields, trailers, body, actions } = parts;
  const headers = section('Headers', fields, parts.headersOpen);
  headers.addEventListener('toggle', () => {
    parts.onHeadersToggle(headers.open);
  });
  return h(
    'div',
    {},
    headers,
    h('h2', {}, 'Body'),
    bodyView(body, side, actions),
    trailers.length === 0 ? undefined : section('Trailers', trailers, true),
  );
}

function section(title: string, fields: Fields, open: boolean): HTMLDetailsElement {
  const details = h(
    'details',
    { class: 'section' },
    h('summary', {}, title, h('span', { class: 'count' }, String(fields.length / 2))),
    headerTable(fields),
  );
  details.open = open;
  return details;
}

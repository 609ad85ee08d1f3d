import type { ViewedExchange } from '../shared/request-view.ts';
import { h } from './dom.ts';
import { durationText, ordinal, spanText } from '../shared/figures.ts';
import { fieldTable } from './field-table.ts';
import { timingPicture, timingText } from './timing.ts';
import { visible, visibleLatin1 } from './visible.ts';

/** How the exchange went in time, and who took part in it. */
export function detailsPanel(exchange: ViewedExchange): HTMLElement {
  const { timing } = exchange;
  const tries = timing.attempts.filter(({ detail }) => detail !== undefined);
  return h(
    'div',
    {},
    h('h2', {}, 'Timing'),
    timingChart(exchange),
    tries.length === 0
      ? undefined
      : h(
          'ol',
          { class: 'tries', attributes: { 'aria-label': 'Tries that failed' } },
          ...tries.map(({ at, detail }) =>
            h(
              'li',
              {},
              `+${durationText(Math.max(0, at - timing.receivedAt))}  ${visible(detail ?? '')}`,
            ),
          ),
        ),
    h('h2', {}, 'Facts'),
    fieldTable([
      ...whenFacts(exchange),
      ['URL', visibleLatin1(exchange.url)],
      ['Caller', `${visibleLatin1(exchange.caller)}, HTTP/${visibleLatin1(exchange.httpVersion)}`],
      ['Target', visible(exchange.service)],
      ['Exchange', exchange.key],
    ]),
  );
}

/** When it came, and what its caller knows by now. */
function whenFacts({ timing, queued }: ViewedExchange): (readonly [string, string])[] {
  const { proxyReceivedAt, receivedAt, patienceMs } = timing;
  const time = (at: number): string => new Date(at).toLocaleString();
  if (queued === undefined) {
    return [
      ['Received', time(receivedAt)],
      ['Caller waits', durationText(patienceMs)],
    ];
  }
  return [
    ['Received', time(proxyReceivedAt)],
    ['Delivered', time(receivedAt)],
    ['Was queued for', spanText(receivedAt - proxyReceivedAt)],
    ['Attempt', `${ordinal(queued.attempt)} delivery`],
    ['Delivery', visible(queued.id)],
  ];
}

function timingChart({ timing, queued }: ViewedExchange): HTMLElement {
  const picture = timingPicture(timing, Date.now(), queued !== undefined);
  const total = Math.max(1, picture.totalMs);
  const rows = picture.stretches.map(({ id, label, start, ms, note }) => {
    const bar = h('span', { class: `bar bar-${id}` });
    // By the object model: the policy forbids style attributes.
    bar.style.setProperty('left', `${(start / total) * 100}%`);
    bar.style.setProperty('width', `${(ms / total) * 100}%`);
    return h(
      'li',
      {},
      h(
        'span',
        { class: 'stretch' },
        label,
        note === undefined ? undefined : h('span', { class: 'faint' }, ` · ${note}`),
      ),
      h('span', { class: 'stretch-ms' }, durationText(ms)),
      h('span', { class: 'track', attributes: { 'aria-hidden': 'true' } }, bar),
    );
  });
  return h(
    'div',
    { class: 'timing', role: 'group', attributes: { 'aria-label': timingText(picture) } },
    h('ul', {}, ...rows),
    h(
      'div',
      { class: 'timing-total' },
      h('span', {}, timing.endedAt === undefined ? 'So far' : 'Total'),
      h('span', {}, durationText(picture.totalMs)),
    ),
    picture.skewMs === undefined
      ? undefined
      : h(
          'p',
          { class: 'faint' },
          `The way from the proxy is left out: its clock and this machine’s differ by at least ${durationText(picture.skewMs)}.`,
        ),
  );
}

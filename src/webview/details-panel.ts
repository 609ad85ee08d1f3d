import type { ViewedExchange } from '../shared/request-view.ts';
import { h } from './dom.ts';
import { durationText } from '../shared/figures.ts';
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
      ['Received', new Date(timing.receivedAt).toLocaleString()],
      ['URL', visibleLatin1(exchange.url)],
      ['Caller', `${visibleLatin1(exchange.caller)}, HTTP/${visibleLatin1(exchange.httpVersion)}`],
      ['Target', visible(exchange.service)],
      ['Caller waits', durationText(timing.patienceMs)],
      ['Exchange', exchange.key],
    ]),
  );
}

function timingChart({ timing }: ViewedExchange): HTMLElement {
  const picture = timingPicture(timing, Date.now());
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

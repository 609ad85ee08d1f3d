import { type ConnectionState, describeState, type Trouble } from '../../agent/index.ts';
import { shorten, visible, visibleBytes } from './escape.ts';
import { type EndedExchange, ExchangeLog } from './exchange-log.ts';
import { outcomeText } from './outcome-text.ts';
import { deadLine, missedLines, type Moment, waitingLine } from './queue-lines.ts';
import { QueueLog, type QueueNews } from './queue-log.ts';
import { StateLog } from './state-log.ts';
import type { Style } from './style.ts';
import type { View } from './view.ts';

export interface TextOptions {
  readonly style: Style;
  /** Width of the terminal in columns, at the moment; undefined where lines may be of any length. */
  readonly columns: () => number | undefined;
  /** Time of day of a moment in milliseconds since 1970. */
  readonly timeOfDay: (at: number) => string;
  /** The same with the day where that is another one. */
  readonly moment: Moment;
  /** Whether every request passes through the proxy's queue, if it keeps one. */
  readonly accepts: boolean;
}

/** A path is not shortened below this many columns, even if the line wraps. */
const MIN_PATH = 16;

/** Lines for people. */
export function textView({ style, columns, timeOfDay, moment, accepts }: TextOptions): View {
  const exchanges = new ExchangeLog();
  const states = new StateLog();
  const queue = new QueueLog(accepts);
  const stamp = (at: number): string => style.dim(timeOfDay(at));

  return {
    introduction: ({ version, code, proxy, target }) => [
      style.bold(`Caronte agent ${version}`),
      `  code    ${visible(code)}`,
      `  proxy   ${visible(proxy)}`,
      `  target  ${visible(target)}`,
    ],

    state: (state, at) => {
      if (state.kind === 'live') queue.live();
      const news = states.take(state);
      if (news === undefined) return [];
      const [first = '', ...more] = stateLines(news.state, news.withAdvice, style);
      return [`${stamp(at)} ${first}`, ...more.map((line) => `  ${line}`)];
    },

    exchange: (event) => {
      const ended = exchanges.take(event);
      return ended === undefined ? [] : [exchangeLine(ended)];
    },

    queue: (state, at) =>
      queue.take(state, at).map((news) => `${stamp(at)} ${queueLine(news, at)}`),

    missed: (missed, at) =>
      missedLines(missed, at, moment).map((line) => `${stamp(at)} ${style.notable(line)}`),

    stopping: ({ step, inHand }, at) => {
      const what = inHand === 1 ? '1 exchange' : `${inHand} exchanges`;
      if (step === 'destroying') return [`${stamp(at)} dropping ${what}`];
      if (inHand === 0) return [`${stamp(at)} stopping`];
      return [`${stamp(at)} stopping: finishing ${what} in hand; Ctrl-C again drops them`];
    },

    warning: ({ message }) => `${style.notable('warning:')} ${visible(message)}`,
  };

  function queueLine(news: QueueNews, at: number): string {
    switch (news.kind) {
      case 'waiting':
        return style.notable(waitingLine(news.state, at, moment, ', delivering'));
      case 'empty':
        return style.good('the queue is empty again');
      case 'dead':
        return style.bad(deadLine(news.dead));
    }
  }

  function exchangeLine(ended: EndedExchange): string {
    const time = timeOfDay(ended.at);
    const method = visibleBytes(ended.method);
    const rest = outcomeText(ended);
    const path = `${visibleBytes(ended.path)}${ended.hasQuery ? '?…' : ''}`;
    const width = columns();
    const room =
      width === undefined
        ? Infinity
        : Math.max(MIN_PATH, width - time.length - method.length - rest.length - 3);
    return `${style.dim(time)} ${method} ${shorten(path, room)} ${paint(ended, rest, style)}`;
  }
}

function stateLines(state: ConnectionState, withAdvice: boolean, style: Style): string[] {
  switch (state.kind) {
    case 'live': {
      const [first, ...others] = state.publicUrls;
      return [
        `${style.good('live at')} ${style.bold(visible(first))}`,
        ...others.map((url) => `also at ${visible(url)}`),
      ];
    }
    case 'retrying':
      return [style.notable(visible(describeState(state))), ...advice(state.trouble, withAdvice)];
    case 'stopped': {
      const { trouble } = state;
      if (trouble === undefined) return ['stopped'];
      return [style.bad(visible(describeState(state))), ...advice(trouble, withAdvice)];
    }
    default:
      return [describeState(state)];
  }
}

function advice(trouble: Trouble, wanted: boolean): string[] {
  return wanted && trouble.advice !== undefined ? [visible(trouble.advice)] : [];
}

function paint({ status, outcome }: EndedExchange, text: string, style: Style): string {
  if (outcome.kind === 'failed' || (status ?? 0) >= 500) return style.bad(text);
  if (outcome.kind === 'cancelled' || outcome.kind === 'undelivered' || (status ?? 0) >= 400) {
    return style.notable(text);
  }
  return style.good(text);
}

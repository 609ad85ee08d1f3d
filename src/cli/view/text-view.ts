import {
  type ConnectionState,
  describeState,
  type ExchangeOutcome,
  type Trouble,
} from '../../agent/index.ts';
import { shorten, visible, visibleBytes } from './escape.ts';
import { type EndedExchange, ExchangeLog } from './exchange-log.ts';
import { StateLog } from './state-log.ts';
import type { Style } from './style.ts';
import type { View } from './view.ts';

export interface TextOptions {
  readonly style: Style;
  /** Width of the terminal in columns, at the moment; undefined where lines may be of any length. */
  readonly columns: () => number | undefined;
  /** Time of day of a moment in milliseconds since 1970. */
  readonly timeOfDay: (at: number) => string;
}

/** A path is not shortened below this many columns, even if the line wraps. */
const MIN_PATH = 16;

/** Lines for people. */
export function textView({ style, columns, timeOfDay }: TextOptions): View {
  const exchanges = new ExchangeLog();
  const states = new StateLog();
  const stamp = (at: number): string => style.dim(timeOfDay(at));

  return {
    introduction: ({ version, code, proxy, target }) => [
      style.bold(`Caronte agent ${version}`),
      `  code    ${visible(code)}`,
      `  proxy   ${visible(proxy)}`,
      `  target  ${visible(target)}`,
    ],

    state: (state, at) => {
      const news = states.take(state);
      if (news === undefined) return [];
      const [first = '', ...more] = stateLines(news.state, news.withAdvice, style);
      return [`${stamp(at)} ${first}`, ...more.map((line) => `  ${line}`)];
    },

    exchange: (event) => {
      const ended = exchanges.take(event);
      return ended === undefined ? [] : [exchangeLine(ended)];
    },

    stopping: ({ step, inHand }, at) => {
      const what = inHand === 1 ? '1 exchange' : `${inHand} exchanges`;
      if (step === 'destroying') return [`${stamp(at)} dropping ${what}`];
      if (inHand === 0) return [`${stamp(at)} stopping`];
      return [`${stamp(at)} stopping: finishing ${what} in hand; Ctrl-C again drops them`];
    },

    warning: ({ message }) => `${style.notable('warning:')} ${visible(message)}`,
  };

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

/** Outcomes of which the status says enough. */
const QUIET: ReadonlySet<ExchangeOutcome['kind']> = new Set(['replied', 'kept', 'copied']);

/** What follows the path: status, how it ended, and how long it took. */
function outcomeText({ status, durationMs, attempts, outcome }: EndedExchange): string {
  const words = [
    status === undefined ? '' : String(status),
    QUIET.has(outcome.kind) ? '' : outcome.kind,
    duration(durationMs),
    attempts > 1 ? `(${attempts} attempts)` : '',
    outcome.kind === 'kept' ? '(not sent back)' : '',
    outcome.kind === 'copied' ? '(copy)' : '',
  ].filter((word) => word !== '');
  const why = reason(outcome);
  return `${words.join(' ')}${why === undefined ? '' : `: ${visible(why)}`}`;
}

const FAILED = {
  target_unreachable: 'the target could not be reached',
  target_broke_off: 'the target broke off',
  target_timeout: 'the target took too long',
  agent_refused: 'the request could not be passed on',
} as const;

const CANCELLED = {
  caller_gone: 'the caller left',
  response_timeout: 'the caller got no answer in time',
  session_lost: 'the agent was stopped, or lost its connection to the proxy',
} as const;

function reason(outcome: ExchangeOutcome): string | undefined {
  switch (outcome.kind) {
    case 'failed':
      return `${FAILED[outcome.code]}: ${outcome.detail}`;
    case 'cancelled':
      return CANCELLED[outcome.reason];
    case 'undelivered':
      return outcome.detail;
    default:
      return undefined;
  }
}

/** The longer it takes, the fewer digits are of interest. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function paint({ status, outcome }: EndedExchange, text: string, style: Style): string {
  if (outcome.kind === 'failed' || (status ?? 0) >= 500) return style.bad(text);
  if (outcome.kind === 'cancelled' || outcome.kind === 'undelivered' || (status ?? 0) >= 400) {
    return style.notable(text);
  }
  return style.good(text);
}

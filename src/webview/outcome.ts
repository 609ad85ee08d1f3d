import type { Outcome, ViewedExchange } from '../shared/request-view.ts';
import type { Icon } from './dom.ts';

/** How the head of the view tells what became of an exchange. */
export interface Verdict {
  readonly text: string;
  readonly icon: Icon;
  readonly tone: 'good' | 'bad' | 'warn' | 'quiet';
  /** What went wrong, and what that means; undefined if nothing did. */
  readonly problem: string | undefined;
}

export function verdict({
  outcome,
  response,
}: Pick<ViewedExchange, 'outcome' | 'response'>): Verdict {
  const status =
    response === undefined ? undefined : `${response.status} ${response.reason}`.trim();
  const problem = problemOf(outcome);
  switch (outcome.kind) {
    case 'open':
      return { text: status ?? 'Waiting', icon: 'pending', tone: 'quiet', problem };
    case 'replied':
    case 'kept':
    case 'copied': {
      const code = response?.status ?? 0;
      const tone = code >= 500 ? 'bad' : code >= 400 ? 'warn' : code >= 300 ? 'quiet' : 'good';
      const icon = code >= 400 ? 'problem' : 'pass';
      return { text: status ?? 'Done', icon, tone, problem };
    }
    case 'failed':
      return { text: 'Failed', icon: 'problem', tone: 'bad', problem };
    case 'undelivered':
      return { text: status ?? 'Not delivered', icon: 'problem', tone: 'warn', problem };
    case 'cancelled':
      return { text: 'Cancelled', icon: 'stopped', tone: 'quiet', problem };
    case 'interrupted':
      return { text: 'Interrupted', icon: 'stopped', tone: 'quiet', problem };
  }
}

function problemOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'open':
    case 'replied':
      return undefined;
    case 'kept':
      return 'The caller had 202 before this answer: the tunnel does not send replies.';
    case 'copied':
      return 'This was a copy: the caller got the answer of another agent that shares the code.';
    case 'failed':
      return outcome.detail;
    case 'undelivered':
      return `The answer did not reach the caller: ${outcome.detail}`;
    case 'cancelled':
      return cancelProblem(outcome.reason);
    case 'interrupted':
      return 'The editor closed before the exchange had ended.';
  }
}

function cancelProblem(reason: string): string {
  switch (reason) {
    case 'response_timeout':
      return 'The proxy gave up: the answer took longer than it lets a caller wait.';
    case 'session_lost':
      return 'The connection to the proxy was lost, or the tunnel was stopped.';
    default:
      return 'The caller left before there was an answer.';
  }
}

import type { AwayNews } from './absence.ts';

/** What a person can do who is told what happened while nobody took requests. */
export type AwayChoice = 'deliver' | 'review' | 'discard' | 'showRequests' | 'keepRequests';

/** The choices that make sense, the first of them the likeliest. */
export function awayChoices({ arrived, paused, missed, plan }: AwayNews): AwayChoice[] {
  if (arrived > 0) return paused ? ['deliver', 'review', 'discard'] : ['review', 'showRequests'];
  const couldBeKept = (missed?.refused ?? 0) > 0 && plan.offline === 'refuse';
  return couldBeKept ? ['keepRequests'] : [];
}

/** How many requests are gone, for whatever reason. */
export function lostCount({ missed }: Pick<AwayNews, 'missed'>): number {
  return missed === undefined ? 0 : missed.refused + missed.quota + missed.expired;
}

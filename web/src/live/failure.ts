import { exactInstant } from '../format.ts';
import { isUnanswered, type LiveState } from './live-query.ts';

/** A question that failed. */
export type Failing = Pick<LiveState<unknown>, 'failingSinceMs' | 'error' | 'status' | 'loadedAtMs'>;

/** The fault in a few words. The portal's sign-in follows a 401 by itself. */
export function failureTitle(failing: Failing): string {
  if (isUnanswered(failing)) return `No answer since ${exactInstant(failing.failingSinceMs ?? 0)}`;
  return failing.status === 403 ? 'You may not read this' : 'The portal refuses this question';
}

/** The next step, and the time of the numbers on the page. */
export function failureAdvice(failing: Failing): string {
  const { status, loadedAtMs } = failing;
  return [
    loadedAtMs === undefined ? '' : ` The page shows the numbers of ${exactInstant(loadedAtMs)}.`,
    status === 403 ? ' Ask an operator of this portal for a role.' : '',
    isUnanswered(failing) ? ' This page keeps trying. ' : '',
  ].join('');
}

import { exactInstant } from '../format.ts';
import type { LiveState } from '../live/live-query.ts';

type Known = Pick<LiveState<unknown>, 'failingSinceMs' | 'error' | 'loadedAtMs'>;

/** Says since when the portal has not answered, and of when the numbers are that are still shown. */
export function ConnectionNotice({ states }: { states: readonly Known[] }) {
  const failing = longestFailing(states);
  return (
    <div role="status">
      {failing !== undefined && (
        <p class="notice notice-bad">
          <strong>No answer since {exactInstant(failing.failingSinceMs ?? 0)}:</strong> {failing.error}.{' '}
          {failing.loadedAtMs === undefined
            ? 'Nothing has been read yet; this page keeps trying.'
            : `What you see is of ${exactInstant(failing.loadedAtMs)}; this page keeps trying.`}
        </p>
      )}
    </div>
  );
}

function longestFailing<T extends Known>(states: readonly T[]): T | undefined {
  return states
    .filter(({ failingSinceMs }) => failingSinceMs !== undefined)
    .sort((a, b) => (a.failingSinceMs ?? 0) - (b.failingSinceMs ?? 0))[0];
}

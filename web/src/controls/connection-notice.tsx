import { exactInstant } from '../format.ts';
import type { LiveState } from '../live/live-query.ts';

type ConnectionState = Pick<LiveState<unknown>, 'failingSinceMs' | 'error' | 'loadedAtMs'>;

/** Shows since when the portal has not answered, and the time of the numbers on the page. */
export function ConnectionNotice({ states }: { states: readonly ConnectionState[] }) {
  const failing = longestFailing(states);
  return (
    <div role="status">
      {failing !== undefined && (
        <p class="notice notice-bad">
          <strong>No answer since {exactInstant(failing.failingSinceMs ?? 0)}:</strong> {failing.error}.{' '}
          {failing.loadedAtMs === undefined
            ? 'Nothing has loaded yet; this page keeps trying.'
            : `The page shows the numbers of ${exactInstant(failing.loadedAtMs)}, and keeps trying.`}
        </p>
      )}
    </div>
  );
}

function longestFailing<T extends ConnectionState>(states: readonly T[]): T | undefined {
  return states
    .filter(({ failingSinceMs }) => failingSinceMs !== undefined)
    .sort((a, b) => (a.failingSinceMs ?? 0) - (b.failingSinceMs ?? 0))[0];
}

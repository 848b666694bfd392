import { failureAdvice, failureTitle, type Failing } from '../live/failure.ts';
import { isUnanswered } from '../live/live-query.ts';

/** Says since when there is no answer, or why the portal refuses one, and what to do. */
export function ConnectionNotice({ states }: { states: readonly Failing[] }) {
  const failing = longestFailing(states);
  return (
    <div role="status">
      {failing !== undefined && (
        <p class="notice notice-bad">
          <strong>{failureTitle(failing)}:</strong> {failing.error}.{failureAdvice(failing)}
          {isUnanswered(failing) && (
            <button type="button" class="more" onClick={() => dispatchEvent(new Event('online'))}>
              Try now
            </button>
          )}
        </p>
      )}
    </div>
  );
}

function longestFailing(states: readonly Failing[]): Failing | undefined {
  return states
    .filter(({ failingSinceMs }) => failingSinceMs !== undefined)
    .sort((a, b) => (a.failingSinceMs ?? 0) - (b.failingSinceMs ?? 0))[0];
}

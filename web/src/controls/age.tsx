import { age, exactInstant, SECOND_MS } from '../format.ts';
import { useNow } from '../live/use-now.ts';

/** The age of an instant, updated every second. Its title shows the exact time. */
export function Age({ at }: { at: string }) {
  const nowMs = useNow(SECOND_MS);
  const atMs = Date.parse(at);
  return (
    <time class="age" dateTime={at} title={exactInstant(atMs)}>
      {age(atMs, nowMs)}
    </time>
  );
}

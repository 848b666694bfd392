import { age, exactInstant, SECOND_MS } from '../format.ts';
import { useNow } from '../live/use-now.ts';

/** How long ago an instant was, counting on by itself; the exact time in its title. */
export function Age({ at }: { at: string }) {
  const nowMs = useNow(SECOND_MS);
  const atMs = Date.parse(at);
  return (
    <time class="age" dateTime={at} title={exactInstant(atMs)}>
      {age(atMs, nowMs)}
    </time>
  );
}

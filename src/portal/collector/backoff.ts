/** The longest pause for a failing site, unless its own interval is longer. */
const LONGEST_BACKOFF_MS = 300_000;

export interface SweepPause {
  intervalMs: number;
  /** Failed sweeps since the last successful one. */
  failures: number;
  /** The pause that the site asked for (Retry-After). */
  retryAfterMs: number | undefined;
  /** In [0, 1). */
  random: number;
}

/**
 * The pause before the next sweep: the interval, doubled for each failure after the first, up to a limit. It varies by a
 * tenth at random, so that portals do not read at the same time.
 */
export function nextSweepDelayMs({ intervalMs, failures, retryAfterMs, random }: SweepPause): number {
  const longest = Math.max(intervalMs, LONGEST_BACKOFF_MS);
  const doubled = intervalMs * 2 ** Math.min(Math.max(0, failures - 1), 30);
  const delay = Math.min(longest, Math.max(doubled, retryAfterMs ?? 0));
  return Math.round(delay * (0.95 + 0.1 * random));
}

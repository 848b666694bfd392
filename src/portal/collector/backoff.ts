/** The longest that a failing site is left alone, unless its own interval is longer. */
const LONGEST_BACKOFF_MS = 300_000;

export interface SweepPause {
  intervalMs: number;
  /** Failed sweeps since the last that succeeded. */
  failures: number;
  /** How long the site asked to be left alone. */
  retryAfterMs: number | undefined;
  /** In [0, 1). */
  random: number;
}

/**
 * How long to wait before the next sweep: the interval, doubled for each failure after the first, within bounds.
 * A tenth of jitter keeps portals and sites out of step.
 */
export function nextSweepDelayMs({ intervalMs, failures, retryAfterMs, random }: SweepPause): number {
  const longest = Math.max(intervalMs, LONGEST_BACKOFF_MS);
  const doubled = intervalMs * 2 ** Math.min(Math.max(0, failures - 1), 30);
  const delay = Math.min(longest, Math.max(doubled, retryAfterMs ?? 0));
  return Math.round(delay * (0.95 + 0.1 * random));
}

import { clockTime, DAY_MS, dayAndMonth, HOUR_MS } from '../format.ts';

const STEPS_MS = [1, 2, 3, 6, 12]
  .map((hours) => hours * HOUR_MS)
  .concat([1, 2, 5, 7, 14, 28, 56, 91, 182].map((days) => days * DAY_MS));

/** At most about `most` round instants (UTC) between two others. */
export function timeTicks(fromMs: number, toMs: number, most: number): number[] {
  const stepMs = STEPS_MS.find((candidate) => (toMs - fromMs) / candidate <= most) ?? 364 * DAY_MS;
  const firstMs = Math.ceil(fromMs / stepMs) * stepMs;
  const ticks = [];
  for (let tickMs = firstMs; tickMs <= toMs; tickMs += stepMs) ticks.push(tickMs);
  return ticks;
}

/** The time of day, or the date at midnight. */
export function tickLabel(tickMs: number): string {
  return tickMs % DAY_MS === 0 ? dayAndMonth(tickMs) : clockTime(tickMs);
}

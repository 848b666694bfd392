import { clockTime, DAY_MS, dayAndMonth, HOUR_MS, monthAndYear } from '../format.ts';
import type { Span } from '../period.ts';
import { instantOf, localOf, UTC } from '../periods/zone.ts';

const STEPS_MS = [1, 2, 3, 6, 12]
  .map((hours) => hours * HOUR_MS)
  .concat([1, 2, 5, 7, 14, 28, 56, 91, 182].map((days) => days * DAY_MS));

/** At most about `most` round local times between two instants. */
export function timeTicks(fromMs: number, toMs: number, most: number, zone = UTC): number[] {
  const stepMs = STEPS_MS.find((candidate) => (toMs - fromMs) / candidate <= most) ?? 364 * DAY_MS;
  const [from, to] = [localOf(zone, fromMs), localOf(zone, toMs)];
  const ticks = [];
  for (let tick = Math.ceil(from / stepMs) * stepMs; tick <= to; tick += stepMs)
    ticks.push(instantOf(zone, tick));
  return ticks;
}

/** The starts of a span's months, at most about `most` of them; round times for shorter steps. */
export function spanTicks({ fromMs, toMs, step, starts, period }: Span, most: number): number[] {
  if (step !== 'month') return timeTicks(fromMs, toMs, most, period.zone);
  const every = Math.max(1, Math.ceil(starts.length / most));
  return starts.filter((_, index) => index % every === 0);
}

/** The time of day, or the date at midnight. */
export function tickLabel(tickMs: number, zone = UTC): string {
  const local = localOf(zone, tickMs);
  return local % DAY_MS === 0 ? dayAndMonth(local) : clockTime(local);
}

/** The label of a tick of a span. */
export function spanTickLabel(tickMs: number, { step, period: { zone } }: Span): string {
  return step === 'month' ? monthAndYear(localOf(zone, tickMs)) : tickLabel(tickMs, zone);
}

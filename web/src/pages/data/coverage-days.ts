import type { CoverageRow } from '../../api.ts';
import { bucketCoverage, type BucketCoverage } from '../../coverage.ts';
import { DAY_MS } from '../../format.ts';

/** How a day (UTC) is known. The times are sums over all clouds. */
export interface CoverageDay {
  startMs: number;
  coverage: BucketCoverage;
  measuredMs: number;
  spreadMs: number;
}

/** The days of a month by their number less one; undefined outside of the asked time. */
export interface CalendarMonth {
  startMs: number;
  days: (CoverageDay | undefined)[];
}

/** A year of days up to the present one: the longest time that the portal answers at once. */
export function yearUpTo(nowMs: number): { fromMs: number; toMs: number } {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  return { fromMs: today - 365 * DAY_MS, toMs: today + DAY_MS };
}

/** Every day of a time, the first one first. */
export function coverageDays(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  rows: readonly CoverageRow[],
): CoverageDay[] {
  const byStart = new Map(rows.map((row) => [Date.parse(row.start), row]));
  return Array.from({ length: (toMs - fromMs) / DAY_MS }, (_, index) => {
    const startMs = fromMs + index * DAY_MS;
    const row = byStart.get(startMs);
    if (row === undefined) return { startMs, coverage: 'none', measuredMs: 0, spreadMs: 0 };
    return {
      startMs,
      coverage: bucketCoverage(row),
      measuredMs: row.measured_seconds * 1000,
      spreadMs: row.spread_seconds * 1000,
    };
  });
}

const LONGEST_MONTH = 31;

/** The months of these days, the latest one first. */
export function calendarMonths(days: readonly CoverageDay[]): CalendarMonth[] {
  const months = new Map<number, CalendarMonth>();
  for (const day of days) {
    const date = new Date(day.startMs);
    const startMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    const month = months.get(startMs) ?? { startMs, days: Array.from({ length: LONGEST_MONTH }) };
    month.days[date.getUTCDate() - 1] = day;
    months.set(startMs, month);
  }
  return [...months.values()].toReversed();
}

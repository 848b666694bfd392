import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { UsageStep } from './ledger.ts';

/** Hours are whole hours since the Unix epoch, UTC; intervals exclude their end. */
export interface HourRange {
  fromHour: number;
  toHour: number;
}

const HOURS_PER_DAY = 24;

/** The whole days (UTC) in a range; undefined where there is none. */
export function wholeDays({ fromHour, toHour }: HourRange): HourRange | undefined {
  const days = {
    fromHour: Math.ceil(fromHour / HOURS_PER_DAY) * HOURS_PER_DAY,
    toHour: Math.floor(toHour / HOURS_PER_DAY) * HOURS_PER_DAY,
  };
  return days.fromHour < days.toHour ? days : undefined;
}

/** The first hour of a range that is not part of a whole day, so that its hours are needed; undefined where days cover all. */
export function firstHourNeeded(step: UsageStep, range: HourRange): number | undefined {
  const days = step === 'hour' ? undefined : wholeDays(range);
  if (days === undefined || range.fromHour < days.fromHour) return range.fromHour;
  return days.toHour < range.toHour ? days.toHour : undefined;
}

/** Where the months of a range begin; the first begins with the range, even in the middle of a month. */
export function monthStarts({ fromHour, toHour }: HourRange): number[] {
  const starts: number[] = [];
  for (let hour = fromHour; hour < toHour; hour = nextStarts.month(hour)) starts.push(hour);
  return starts;
}

/** The end of the step that begins at `startHour`. */
export function stepEnd(step: UsageStep, startHour: number, range: HourRange): number {
  return Math.min(nextStarts[step](startHour), range.toHour);
}

const nextStarts: Record<UsageStep, (hour: number) => number> = {
  hour: (hour) => hour + 1,
  day: (hour) => (Math.floor(hour / HOURS_PER_DAY) + 1) * HOURS_PER_DAY,
  month: (hour) => {
    const date = new Date(hour * MS_PER_HOUR);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / MS_PER_HOUR;
  },
  total: () => Infinity,
};

import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { UsageStep } from './ledger.ts';

/** Hours are whole hours since the Unix epoch, UTC; intervals exclude their end. */
export interface HourRange {
  fromHour: number;
  toHour: number;
}

const HOURS_PER_DAY = 24;

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

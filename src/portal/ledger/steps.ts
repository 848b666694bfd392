import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { UsageStep } from './ledger.ts';

/** Hours are whole hours since the Unix epoch, UTC; intervals exclude their end. */
export interface HourRange {
  fromHour: number;
  toHour: number;
}

const HOURS_PER_DAY = 24;

/** A part of a range with the sums that its usage is made of. */
export interface Piece extends HourRange {
  sumsOf: 'hours' | 'days' | 'months';
}

/** What usage is summed from: the coarsest sums that the step and the range allow, which are fewest, and kept for ever. */
export function piecesOf(step: UsageStep, range: HourRange): Piece[] {
  if (step === 'hour') return hoursOf(range);
  if (step === 'day') return daysAndHoursOf(range);
  return around(range, wholeOf('months', range, firstMonthFrom, startOfMonth), daysAndHoursOf);
}

function daysAndHoursOf(range: HourRange): Piece[] {
  return around(range, wholeOf('days', range, firstDayFrom, startOfDay), hoursOf);
}

function hoursOf(range: HourRange): Piece[] {
  return range.fromHour < range.toHour ? [{ sumsOf: 'hours', ...range }] : [];
}

/** `whole` with what `rest` makes of the range before and after it. */
function around(range: HourRange, whole: Piece, rest: (range: HourRange) => Piece[]): Piece[] {
  if (whole.fromHour >= whole.toHour) return rest(range);
  return [
    ...rest({ fromHour: range.fromHour, toHour: whole.fromHour }),
    whole,
    ...rest({ fromHour: whole.toHour, toHour: range.toHour }),
  ];
}

/** What is whole of a range; ends before it begins where nothing is. */
function wholeOf(
  sumsOf: Piece['sumsOf'],
  { fromHour, toHour }: HourRange,
  firstFrom: (hour: number) => number,
  startOf: (hour: number) => number,
): Piece {
  return { sumsOf, fromHour: firstFrom(fromHour), toHour: startOf(toHour) };
}

function startOfDay(hour: number): number {
  return Math.floor(hour / HOURS_PER_DAY) * HOURS_PER_DAY;
}

function startOfMonth(hour: number): number {
  const date = new Date(hour * MS_PER_HOUR);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / MS_PER_HOUR;
}

/** The first day that begins at `hour` or later. */
function firstDayFrom(hour: number): number {
  return startOfDay(hour + HOURS_PER_DAY - 1);
}

function firstMonthFrom(hour: number): number {
  return startOfMonth(hour) === hour ? hour : nextStarts.month(hour);
}

/** The first hour of a range whose hours are needed by themselves; undefined where sums of days and months cover all. */
export function firstHourNeeded(step: UsageStep, range: HourRange): number | undefined {
  return piecesOf(step, range).find(({ sumsOf }) => sumsOf === 'hours')?.fromHour;
}

/** Where the months of a range begin; the first begins with the range, even in the middle of a month. */
export function monthStarts({ fromHour, toHour }: HourRange): number[] {
  const starts: number[] = [];
  for (let hour = fromHour; hour < toHour; hour = nextStarts.month(hour)) starts.push(hour);
  return starts;
}

/** How many months a range touches, without making them. */
export function monthsBetween({ fromHour, toHour }: HourRange): number {
  const [first, last] = [fromHour, toHour - 1].map((hour) => {
    const date = new Date(hour * MS_PER_HOUR);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  }) as [number, number];
  return fromHour < toHour ? last - first + 1 : 0;
}

/** The months of a range; the first and the last may be parts of one. */
export function monthsOf(range: HourRange): HourRange[] {
  return monthStarts(range).map((fromHour) => ({ fromHour, toHour: stepEnd('month', fromHour, range) }));
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

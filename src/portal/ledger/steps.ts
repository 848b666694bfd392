import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { UsageStep } from './ledger.ts';

/** Whole hours since the Unix epoch, UTC. `toHour` is exclusive. */
export interface HourRange {
  fromHour: number;
  toHour: number;
}

const HOURS_PER_DAY = 24;

/** The hours of an interval. */
export function hourRange({ fromMs, toMs }: { fromMs: number; toMs: number }): HourRange {
  return { fromHour: Math.floor(fromMs / MS_PER_HOUR), toHour: Math.ceil(toMs / MS_PER_HOUR) };
}

/** A part of a range, and the sums from which its usage is added up. */
export interface Piece extends HourRange {
  sumsOf: 'hours' | 'days' | 'months';
}

/**
 * The sums from which usage is added up: the coarsest that the step and the range allow. They are the fewest, and sums of
 * days and months are kept for ever.
 */
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

/** The piece `whole`, and the pieces that `rest` makes of the range before and after it. */
function around(range: HourRange, whole: Piece, rest: (range: HourRange) => Piece[]): Piece[] {
  if (whole.fromHour >= whole.toHour) return rest(range);
  return [
    ...rest({ fromHour: range.fromHour, toHour: whole.fromHour }),
    whole,
    ...rest({ fromHour: whole.toHour, toHour: range.toHour }),
  ];
}

/** The whole days or months in a range. The piece ends before it begins if there is none. */
function wholeOf(
  sumsOf: Piece['sumsOf'],
  { fromHour, toHour }: HourRange,
  firstFrom: (hour: number) => number,
  startOf: (hour: number) => number,
): Piece {
  return { sumsOf, fromHour: firstFrom(fromHour), toHour: startOf(toHour) };
}

/** The day that contains an hour. */
export function dayOf(hour: number): HourRange {
  return { fromHour: startOfDay(hour), toHour: nextStarts.day(hour) };
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

/** The first hour of the month in which a range begins. */
export function firstMonthOf({ fromHour }: HourRange): number {
  return startOfMonth(fromHour);
}

/** The parts of a range by day. */
export function daysOf(range: HourRange): HourRange[] {
  const days: HourRange[] = [];
  for (let { fromHour } = range; fromHour < range.toHour; fromHour = nextStarts.day(fromHour))
    days.push({ fromHour, toHour: stepEnd('day', fromHour, range) });
  return days;
}

/** Pieces of whole months, and pieces of days or hours that each lie in one month, which starts at `monthHour`. */
export function piecesByMonth(step: UsageStep, range: HourRange): (Piece & { monthHour: number })[] {
  return piecesOf(step, range).flatMap((piece) => {
    const parts = piece.sumsOf === 'months' ? [piece] : monthsOf(piece);
    return parts.map((part) => ({ ...piece, ...part, monthHour: startOfMonth(part.fromHour) }));
  });
}

/** The first hour for which sums of hours are needed; undefined if sums of days and months cover the range. */
export function firstHourNeeded(step: UsageStep, range: HourRange): number | undefined {
  return piecesOf(step, range).find(({ sumsOf }) => sumsOf === 'hours')?.fromHour;
}

/** The first hour of each month in a range. The first month begins with the range, even in the middle of a month. */
export function monthStarts({ fromHour, toHour }: HourRange): number[] {
  const starts: number[] = [];
  for (let hour = fromHour; hour < toHour; hour = nextStarts.month(hour)) starts.push(hour);
  return starts;
}

/** The number of months that a range touches, counted without listing them. */
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

/** The start of the step that contains an hour of the range. */
export function stepStart(step: UsageStep, hour: number, range: HourRange): number {
  if (step === 'total') return range.fromHour;
  const start = { hour, day: startOfDay(hour), month: startOfMonth(hour) }[step];
  return Math.max(start, range.fromHour);
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

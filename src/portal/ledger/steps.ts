import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { UsageQuery, UsageStep } from './ledger.ts';
import { firstHourAt, localOf, UTC, type Zone } from './zone.ts';

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

/** The step by whose sums usage is read: sums of days and months are those of UTC, so other zones need hours. */
export function stepOfSums({ step, zone = UTC }: Pick<UsageQuery, 'step' | 'zone'>): UsageStep {
  return zone === UTC || step === 'total' ? step : 'hour';
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
  return around(range, wholeOf('month', range), daysAndHoursOf);
}

function daysAndHoursOf(range: HourRange): Piece[] {
  return around(range, wholeOf('day', range), hoursOf);
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
function wholeOf(step: 'day' | 'month', { fromHour, toHour }: HourRange): Piece {
  return { sumsOf: `${step}s`, fromHour: nextStart(step, fromHour - 1), toHour: startOf(step, toHour) };
}

/** The day that contains an hour. */
export function dayOf(hour: number): HourRange {
  return { fromHour: startOf('day', hour), toHour: nextStart('day', hour) };
}

/** The first hour of the month in which a range begins. */
export function firstMonthOf({ fromHour }: HourRange): number {
  return startOf('month', fromHour);
}

/** The parts of a range by day. */
export function daysOf(range: HourRange): HourRange[] {
  const days: HourRange[] = [];
  for (let { fromHour } = range; fromHour < range.toHour; fromHour = nextStart('day', fromHour))
    days.push({ fromHour, toHour: stepEnd('day', fromHour, range) });
  return days;
}

/** Pieces of whole months, and pieces of days or hours that each lie in one month, which starts at `monthHour`. */
export function piecesByMonth(step: UsageStep, range: HourRange): (Piece & { monthHour: number })[] {
  return piecesOf(step, range).flatMap((piece) => {
    const parts = piece.sumsOf === 'months' ? [piece] : monthsOf(piece);
    return parts.map((part) => ({ ...piece, ...part, monthHour: startOf('month', part.fromHour) }));
  });
}

/** The first hour for which sums of hours are needed; undefined if sums of days and months cover the range. */
export function firstHourNeeded(step: UsageStep, range: HourRange): number | undefined {
  return piecesOf(step, range).find(({ sumsOf }) => sumsOf === 'hours')?.fromHour;
}

/** The first hour of each step in a range. The first step begins with the range, even in the middle of a month. */
export function stepStarts(step: UsageStep, { fromHour, toHour }: HourRange, zone = UTC): number[] {
  const starts: number[] = [];
  for (let hour = fromHour; hour < toHour; hour = nextStart(step, hour, zone)) starts.push(hour);
  return starts;
}

/** The number of steps that a range touches, at most, counted without listing them. */
export function stepsBetween(step: UsageStep, { fromHour, toHour }: HourRange, zone = UTC): number {
  const { indexOf } = STEPS[step];
  const own = zoneOf(step, zone);
  return fromHour < toHour ? indexOf(localOf(own, toHour - 1)) - indexOf(localOf(own, fromHour)) + 1 : 0;
}

/** The months of a range; the first and the last may be parts of one. */
export function monthsOf(range: HourRange, zone = UTC): HourRange[] {
  return stepStarts('month', range, zone).map((fromHour) => ({
    fromHour,
    toHour: stepEnd('month', fromHour, range, zone),
  }));
}

/** The end of the step that begins at `startHour`. */
export function stepEnd(step: UsageStep, startHour: number, range: HourRange, zone = UTC): number {
  return Math.min(nextStart(step, startHour, zone), range.toHour);
}

/** The start of the step that contains an hour of the range. */
export function stepStart(step: UsageStep, hour: number, range: HourRange, zone = UTC): number {
  return Math.max(startOf(step, hour, zone), range.fromHour);
}

/** How the steps of all time are numbered: the number of the step that contains a local hour, and the first one of a number. */
interface Numbering {
  indexOf: (hour: number) => number;
  hourOf: (index: number) => number;
}

const ofHours = (hours: number): Numbering => ({
  indexOf: (hour) => Math.floor(hour / hours),
  hourOf: (index) => index * hours,
});

const ofMonths = (months: number): Numbering => ({
  indexOf: (hour) => {
    const date = new Date(hour * MS_PER_HOUR);
    return Math.floor(((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()) / months);
  },
  hourOf: (index) => Date.UTC(1970, index * months) / MS_PER_HOUR,
});

const STEPS: Record<UsageStep, Numbering> = {
  hour: ofHours(1),
  day: ofHours(HOURS_PER_DAY),
  month: ofMonths(1),
  quarter: ofMonths(3),
  year: ofMonths(12),
  total: { indexOf: () => 0, hourOf: (index) => (index === 0 ? -Infinity : Infinity) },
};

/** Hours are those of UTC: local ones come twice, or not at all, when the offset changes. */
function zoneOf(step: UsageStep, zone: Zone): Zone {
  return step === 'hour' || step === 'total' ? UTC : zone;
}

/** The start of the step that contains an hour. */
export function startOf(step: UsageStep, hour: number, zone = UTC): number {
  const { indexOf, hourOf } = STEPS[step];
  const own = zoneOf(step, zone);
  return firstHourAt(own, hourOf(indexOf(localOf(own, hour))));
}

function nextStart(step: UsageStep, hour: number, zone = UTC): number {
  const { indexOf, hourOf } = STEPS[step];
  const own = zoneOf(step, zone);
  return firstHourAt(own, hourOf(indexOf(localOf(own, hour)) + 1), hour + 1);
}

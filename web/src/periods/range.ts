import { DAY_MS, dayAndMonth, dayMonthYear, monthAndYear } from '../format.ts';

/** A range of time as an address names it: the last hours or days, months that begin with one, or days. */
export type Range =
  | { kind: 'last'; days: number }
  | { kind: 'months'; count: UnitMonths; first: number | 'this' | 'last' }
  | { kind: 'days'; from: number; to: number };

/** A month, a quarter or a year. */
type UnitMonths = 1 | 3 | 12;

/** Local times; `to` is exclusive. */
export interface CivilTime {
  from: number;
  to: number;
}

const LAST: Readonly<Record<string, number>> = { '24h': 1, '7d': 7, '30d': 30 };
const UNITS: readonly { count: UnitMonths; name: string }[] = [
  { count: 1, name: 'month' },
  { count: 3, name: 'quarter' },
  { count: 12, name: 'year' },
];
/** The portal answers questions about these years. */
const [FIRST_YEAR, LAST_YEAR] = [1970, 2199];
/** The portal answers coverage for so many days at once. */
const MOST_DAYS = 366;

/** The present and the last month, quarter and year, by their names. */
export const CALENDAR: readonly string[] = UNITS.flatMap(({ name }) => [`this-${name}`, `last-${name}`]);

/** `24h`, `this-month`, `2026`, `2026-Q2`, `2026-06`, `2026-04-01..2026-06-15`; undefined for other texts. */
export function parseRange(text: string): Range | undefined {
  const days = LAST[text];
  if (days !== undefined) return { kind: 'last', days };
  const unit = UNITS.find(({ name }) => text === `this-${name}` || text === `last-${name}`);
  if (unit !== undefined)
    return { kind: 'months', count: unit.count, first: text.startsWith('this') ? 'this' : 'last' };
  return monthsNamed(text) ?? daysNamed(text);
}

function monthsNamed(text: string): Range | undefined {
  const [, year, part] = /^(\d{4})(?:-(Q[1-4]|0[1-9]|1[0-2]))?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const january = (Number(year) - 1970) * 12;
  if (Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR) return undefined;
  if (part === undefined) return { kind: 'months', count: 12, first: january };
  if (part.startsWith('Q'))
    return { kind: 'months', count: 3, first: january + 3 * (Number(part.slice(1)) - 1) };
  return { kind: 'months', count: 1, first: january + Number(part) - 1 };
}

function daysNamed(text: string): Range | undefined {
  const [, first = '', last = ''] = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(text) ?? [];
  const [from, to] = [dateOf(first), dateOf(last) + DAY_MS];
  const isTaken = from >= Date.UTC(FIRST_YEAR, 0) && to <= Date.UTC(LAST_YEAR + 1, 0);
  return isTaken && to > from && to - from <= MOST_DAYS * DAY_MS ? { kind: 'days', from, to } : undefined;
}

/** The midnight of a date; NaN for a date that does not exist. */
function dateOf(text: string): number {
  const at = Date.parse(text);
  return !Number.isNaN(at) && dateName(at) === text ? at : Number.NaN;
}

/** `2026-04-01`. */
export function dateName(local: number): string {
  return new Date(local).toISOString().slice(0, 10);
}

/** The name of some days, the last one included. */
export function daysName({ from, to }: CivilTime): string {
  return `${dateName(from)}..${dateName(to - DAY_MS)}`;
}

/** The civil time of months or days. */
export function civilTime(range: Exclude<Range, { kind: 'last' }>, nowLocal: number): CivilTime {
  if (range.kind === 'days') return { from: range.from, to: range.to };
  const first = firstMonth(range, nowLocal);
  return { from: monthStart(first), to: monthStart(first + range.count) };
}

function firstMonth({ count, first }: Extract<Range, { kind: 'months' }>, nowLocal: number): number {
  if (typeof first === 'number') return first;
  const present = Math.floor(monthOf(nowLocal) / count) * count;
  return first === 'this' ? present : present - count;
}

/** Months of all time by their number. */
export function monthOf(local: number): number {
  const date = new Date(local);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

export function monthStart(month: number): number {
  return Date.UTC(1970, month);
}

/** The range that is `steps` of its own lengths later, by name. */
export function movedRange(name: string, steps: number, nowLocal: number): string {
  const range = parseRange(name);
  if (range === undefined || range.kind === 'last') return name;
  const time = civilTime(range, nowLocal);
  if (range.kind === 'months') return monthsName(monthOf(time.from) + steps * range.count, range.count);
  const move = steps * (time.to - time.from);
  return daysName({ from: time.from + move, to: time.to + move });
}

function monthsName(first: number, count: UnitMonths): string {
  const [year = '', month = ''] = dateName(monthStart(first)).split('-');
  if (count === 12) return year;
  return count === 1 ? `${year}-${month}` : `${year}-Q${(Number(month) + 2) / 3}`;
}

/** `the last 7 days`, `this month`, `Q2 2026`, `1 Apr to 15 Jun 2026`: words that fit after "of" or "in". */
export function rangeWords(name: string): string {
  const range = parseRange(name);
  if (range === undefined) return name;
  if (range.kind === 'last') return `the last ${range.days === 1 ? '24 hours' : `${range.days} days`}`;
  if (range.kind === 'days') return daysWords(range);
  if (typeof range.first !== 'number') return name.replace('-', ' ');
  const start = monthStart(range.first);
  if (range.count === 1) return monthAndYear(start);
  const year = new Date(start).getUTCFullYear();
  return range.count === 12 ? String(year) : `Q${(range.first % 12) / 3 + 1} ${year}`;
}

/** `1 Apr to 15 Jun 2026`: people read the last day as part of the time. */
export function daysWords({ from, to }: CivilTime): string {
  const last = to - DAY_MS;
  if (from === last) return dayMonthYear(from);
  const sameYear = dateName(from).slice(0, 4) === dateName(last).slice(0, 4);
  return `${sameYear ? dayAndMonth(from) : dayMonthYear(from)} to ${dayMonthYear(last)}`;
}

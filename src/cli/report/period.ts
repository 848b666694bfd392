import { UserError } from '../../runtime/user-error.ts';

/** Whole days, as ISO dates in the time zone of the report. `to` is not included. */
export interface Period {
  from: string;
  to: string;
}

const ADVICE =
  'write 2026, 2026-Q2, 2026-10, 2026-10-31, 2026-04-01..2026-06-30 (the last day is included), or this or last with month, quarter or year, such as last-month';
const MONTHS = { month: 1, quarter: 3, year: 12 } as const;
const DAY_MS = 86_400_000;

/** Reads the words for a period. `today` is an ISO date. Throws `UserError`. */
export function readPeriod(text: string, today: string): Period {
  const [, which, unit] = /^(this|last)-(month|quarter|year)$/.exec(text) ?? [];
  if (unit !== undefined)
    return aroundToday(which === 'this' ? 0 : -1, MONTHS[unit as keyof typeof MONTHS], today);
  const [, year, quarter, month, day] = /^(\d{4})(?:-Q([1-4])|-(\d\d)(?:-(\d\d))?)?$/.exec(text) ?? [];
  if (quarter !== undefined) return months(`${year}-01-01`, 3 * Number(quarter) - 3, 3);
  if (day !== undefined) return days(date(text));
  if (month !== undefined) return months(date(`${text}-01`), 0, 1);
  if (year !== undefined) return months(`${year}-01-01`, 0, 12);
  const [from = '', to] = text.split('..');
  if (to === undefined) throw new UserError(`'${text}' is not a period; ${ADVICE}`);
  if (date(from) > date(to)) throw new UserError(`${to} is before ${from}`);
  return { from, to: days(to).to };
}

/** The period of the same length before another: whole months before whole months, else as many days. */
export function periodBefore({ from, to }: Period): Period {
  const length = wholeMonths({ from, to });
  if (length !== undefined) return months(from, -length, length);
  const lengthMs = Date.parse(to) - Date.parse(from);
  return { from: isoDate(Date.parse(from) - lengthMs), to: from };
}

/** The same dates a year before; 28 February for a 29th. */
export function yearBefore({ from, to }: Period): Period {
  return { from: addMonths(from.replace(/-02-29$/, '-02-28'), -12), to: addMonths(to, -12) };
}

/** `2026`, `2026-Q2`, `2026-10`, or the first and the last day. */
export function periodName({ from, to }: Period): string {
  const [year, month] = [from.slice(0, 4), Number(from.slice(5, 7))];
  const length = wholeMonths({ from, to });
  if (length === 12 && month === 1) return year;
  if (length === 3 && month % 3 === 1) return `${year}-Q${(month + 2) / 3}`;
  if (length === 1) return from.slice(0, 7);
  const last = lastDay({ from, to });
  return last === from ? from : `${from}..${last}`;
}

export function lastDay({ to }: Period): string {
  return isoDate(Date.parse(to) - DAY_MS);
}

/** The parts of a period that are in one year each. */
export function yearsOf({ from, to }: Period): Period[] {
  const [first, last] = [Number(from.slice(0, 4)), Number(lastDay({ from, to }).slice(0, 4))];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const year = first + index;
    return { from: year === first ? from : `${year}-01-01`, to: year === last ? to : `${year + 1}-01-01` };
  });
}

/** The date in a time zone. Throws `RangeError` for a zone that nobody knows. */
export function dateIn(timeZone: string, atMs: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone }).format(atMs);
}

function aroundToday(offset: number, length: number, today: string): Period {
  const month = Number(today.slice(5, 7)) - 1;
  return months(`${today.slice(0, 4)}-01-01`, month - (month % length) + offset * length, length);
}

function months(from: string, offset: number, length: number): Period {
  return { from: addMonths(from, offset), to: addMonths(from, offset + length) };
}

function days(from: string): Period {
  return { from, to: isoDate(Date.parse(from) + DAY_MS) };
}

/** The number of months of a period that begins and ends with a month. */
function wholeMonths({ from, to }: Period): number | undefined {
  const monthOf = (text: string) => 12 * Number(text.slice(0, 4)) + Number(text.slice(5, 7));
  return from.endsWith('-01') && to.endsWith('-01') ? monthOf(to) - monthOf(from) : undefined;
}

function addMonths(from: string, count: number): string {
  const [year = 0, month = 1, day = 1] = from.split('-').map(Number);
  return isoDate(Date.UTC(year, month - 1 + count, day));
}

/** A date as it was written. Throws for one that does not exist. */
function date(text: string): string {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript reads February 31st as March 3rd.
  if (Number.isNaN(atMs) || isoDate(atMs) !== text) throw new UserError(`'${text}' is not a date; ${ADVICE}`);
  return text;
}

function isoDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

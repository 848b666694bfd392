import { z } from 'zod';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { unknownKeyMessage } from '../../../runtime/settings/strict-table.ts';
import { MAX_PAGE, type UsageStep } from '../../ledger/ledger.ts';
import type { Names } from '../../ledger/names.ts';
import { startOf } from '../../ledger/steps.ts';
import { firstHourAt, UTC, zoneNamed, type Zone } from '../../ledger/zone.ts';
import { RequestError } from './request-error.ts';

const DEFAULT_PAGE = 1000;

/** The parameters of a route. Other parameters are errors, which name the nearest known one. */
export function parameterTable<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? unknownKeyMessage(issue.keys[0] ?? '', known).replace('unknown key', 'unknown parameter')
        : undefined,
  });
}

/** Examples in the document. zod leaves its own `examples` out where it transforms a text. */
export function examplesOf(...values: readonly string[]) {
  return { 'x-examples': Object.fromEntries(values.map((value) => [value, { value }])) };
}

/** A name or id that the database may be asked for: its texts have no NUL. */
export function nameText(longest = 512) {
  return z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !text.includes('\0'), 'holds a NUL character');
}

/** A text to filter by, of at most `longest` characters. Empty text means no filter. */
export function textParameter(description: string, longest = 512) {
  return z
    .string({ error: 'may be given once' })
    .max(longest, `is longer than ${longest} characters`)
    .refine((text) => !text.includes('\0'), 'holds a NUL character')
    .optional()
    .transform((text) => (text === '' ? undefined : text))
    .meta({ description });
}

/** Texts to filter by, each in a parameter of its own: a name may have a comma in it. Empty text means no filter. */
export function namesParameter(
  description: string,
  longest = 512,
  check = (_text: string) => true,
  error = '',
) {
  const name = z
    .string()
    .max(longest, `is longer than ${longest} characters`)
    .refine((text) => !text.includes('\0'), 'holds a NUL character')
    .refine((text) => text === '' || check(text), { error });
  return z
    .union([z.array(name), name])
    .optional()
    .transform((given): Names | undefined => {
      const names = [...new Set([given ?? []].flat())].filter((text) => text !== '');
      return names.length > 1 ? names : names[0];
    })
    .meta({ description: `${description}. May be given several times: any of them` });
}

/** A list of these words, with commas between them. */
export function dimensionsParameter<D extends string>(
  dimensions: readonly D[],
  usual: string,
  description: string,
) {
  const isDimension = (text: string): text is D => (dimensions as readonly string[]).includes(text);
  return z
    .string({ error: 'may be given once, with commas in it' })
    .default(usual)
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => part === '' || isDimension(part)), {
      error: `must be some of ${dimensions.join(', ')}, with commas between them`,
    })
    .transform((parts): ReadonlySet<D> => new Set(parts.filter(isDimension)))
    .meta({ description });
}

export function stepParameter(usual: UsageStep, description: string) {
  return z
    .enum(['hour', 'day', 'month', 'quarter', 'year', 'total'], {
      error: 'must be hour, day, month, quarter, year or total',
    })
    .default(usual)
    .meta({ description });
}

export const zoneParameter = textParameter(
  'The time zone of times without a zone, and of the days and longer steps. Default: UTC',
  64,
).meta(examplesOf('Europe/Berlin'));

export function limitUpTo(most: number) {
  return z
    .string({ error: 'may be given once' })
    .regex(/^[1-9]\d{0,5}$/, `must be a number from 1 to ${most}`)
    .optional()
    .transform((text) => Number(text ?? DEFAULT_PAGE))
    .refine((limit) => limit <= most, `must be a number from 1 to ${most}`)
    .meta({ description: `Rows of a page, 1 to ${most}. Default: ${DEFAULT_PAGE}`, ...examplesOf('100') });
}

/** A whole number, 0 if it is left out. */
export function upTo(most: number, description: string) {
  return z
    .string({ error: 'may be given once' })
    .regex(/^\d{1,7}$/, `must be a number from 0 to ${most}`)
    .optional()
    .transform((text) => Number(text ?? 0))
    .refine((number) => number <= most, `must be a number from 0 to ${most}`)
    .meta({ description });
}

export const limitParameter = limitUpTo(MAX_PAGE);

export const cursorParameter = textParameter('`next` of the previous page');

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

const ZONED = /T.*(?:Z|[+ -]\d{2}:?\d{2})$/;

/** The years of a question. The bounds limit its cost: the months of a question are counted one by one. */
const [FIRST_YEAR, LAST_YEAR] = [1970, 2199];

/** A time, rounded down to the hour (Unix milliseconds). A local one is a time of the zone of the question, read as UTC. */
export interface AskedTime {
  atMs: number;
  local: boolean;
}

/** An ISO date or date-time, rounded down to the hour. Without a zone it is local. */
export function hourParameter(description: string) {
  return z
    .string({ error: 'may be given once' })
    .transform((text, context): AskedTime => {
      const atMs = parseInstant(text);
      if (atMs !== undefined && isTaken(atMs))
        return { atMs: Math.floor(atMs / MS_PER_HOUR) * MS_PER_HOUR, local: !ZONED.test(text) };
      context.addIssue({
        code: 'custom',
        message:
          atMs === undefined
            ? 'must be a date or date-time, such as 2026-01-31 or 2026-01-31T13:00Z'
            : `must be in the years ${FIRST_YEAR} to ${LAST_YEAR}`,
      });
      return z.NEVER;
    })
    .optional()
    .meta({ description, ...examplesOf('2026-10-01', '2026-10-01T13:00Z') });
}

/** Whether an instant is in the allowed years. The first hour after the last year is allowed as an end. */
function isTaken(atMs: number): boolean {
  return atMs >= Date.UTC(FIRST_YEAR, 0) && atMs <= Date.UTC(LAST_YEAR + 1, 0);
}

function parseInstant(written: string): number | undefined {
  // The plus sign of a zone arrives as a space if it was not encoded.
  const text = written.replace(/ (?=\d{2}:?\d{2}$)/, '+');
  const [, date, zone] = INSTANT.exec(text) ?? [];
  if (date === undefined || !isCalendarDate(date)) return undefined;
  // JavaScript reads a date-time without a zone as local time.
  const atMs = Date.parse(text === date || zone !== undefined ? text : `${text}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** Refuses dates that do not exist: JavaScript reads February 31st as March 3rd. */
function isCalendarDate(date: string): boolean {
  const atMs = Date.parse(date);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(date);
}

interface AskedPeriod {
  from?: AskedTime | undefined;
  to?: AskedTime | undefined;
  tz?: string | undefined;
}

/** Whole hours, Unix milliseconds, and the zone of the steps; undefined for UTC. */
interface Period {
  fromMs: number;
  toMs: number;
  zone: Zone | undefined;
}

/** The period of a question; the present month by default. Throws `RequestError`. */
export function periodOf({ from, to, tz }: AskedPeriod, nowMs: number): Period {
  const zone = tz === undefined ? UTC : zoneAround(tz, { from, to }, nowMs);
  const toHour = to === undefined ? endOfHour(nowMs) : hourIn(zone, to);
  const fromHour = from === undefined ? startOf('month', toHour - 1, zone) : hourIn(zone, from);
  const [fromMs, toMs] = [fromHour * MS_PER_HOUR, toHour * MS_PER_HOUR];
  if (fromMs >= toMs) throw new RequestError(emptyPeriod(fromMs, toMs));
  return { fromMs, toMs, zone: zone.every(({ hours }) => hours === 0) ? undefined : zone };
}

const HOURS_PER_DAY = 24;
const LONGEST_DAYS = 3_660;

/** The offsets of a zone in all hours that may be in the period. */
function zoneAround(tz: string, { from, to }: AskedPeriod, nowMs: number): Zone {
  const aboutTo = to === undefined ? endOfHour(nowMs) : to.atMs / MS_PER_HOUR;
  const aboutFrom = from === undefined ? aboutTo - 31 * HOURS_PER_DAY : from.atMs / MS_PER_HOUR;
  if (aboutTo - aboutFrom > LONGEST_DAYS * HOURS_PER_DAY)
    throw new RequestError('tz: a period in a time zone may have ten years; ask for less, or without tz');
  const zone = namedZone(tz, { fromHour: aboutFrom - HOURS_PER_DAY, toHour: aboutTo + HOURS_PER_DAY });
  if (zone.some(({ hours }) => !Number.isInteger(hours)))
    throw new RequestError(
      `tz: the time of '${tz}' is not whole hours from UTC in this period, and usage is kept by whole hours of UTC`,
    );
  return zone;
}

function namedZone(tz: string, range: { fromHour: number; toHour: number }): Zone {
  try {
    return zoneNamed(tz, range);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RequestError(`tz: there is no time zone '${tz}'; names are such as Europe/Berlin`);
  }
}

/** A local time that a change leaves out is the first hour after it; of one that comes twice it is the first. */
function hourIn(zone: Zone, { atMs, local }: AskedTime): number {
  return local ? firstHourAt(zone, atMs / MS_PER_HOUR) : atMs / MS_PER_HOUR;
}

function emptyPeriod(fromMs: number, toMs: number): string {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return from === to
    ? `to: from and to lie in the same hour, ${from}; usage is kept by whole hours`
    : `to: ${to} is before from, ${from}`;
}

function endOfHour(atMs: number): number {
  return Math.floor(atMs / MS_PER_HOUR) + 1;
}

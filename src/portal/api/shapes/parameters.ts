import { z } from 'zod';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { unknownKeyMessage } from '../../../runtime/settings/strict-table.ts';
import { MAX_PAGE, type UsageStep } from '../../ledger/ledger.ts';
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
    .enum(['hour', 'day', 'month', 'total'], { error: 'must be hour, day, month or total' })
    .default(usual)
    .meta({ description });
}

export function limitUpTo(most: number) {
  return z
    .string({ error: 'may be given once' })
    .regex(/^[1-9]\d{0,5}$/, `must be a number from 1 to ${most}`)
    .optional()
    .transform((text) => Number(text ?? DEFAULT_PAGE))
    .refine((limit) => limit <= most, `must be a number from 1 to ${most}`)
    .meta({ description: `Rows of a page, 1 to ${most}. Default: ${DEFAULT_PAGE}` });
}

export const limitParameter = limitUpTo(MAX_PAGE);

export const cursorParameter = textParameter('`next` of the previous page');

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** The years of a question. The bounds limit its cost: the months of a question are counted one by one. */
const [FIRST_YEAR, LAST_YEAR] = [1970, 2199];

/** An ISO date or date-time, in UTC if it has no zone, rounded down to the hour (Unix milliseconds). */
export function hourParameter(description: string) {
  return z
    .string({ error: 'may be given once' })
    .transform((text, context) => {
      const atMs = parseInstant(text);
      if (atMs !== undefined && isTaken(atMs)) return Math.floor(atMs / MS_PER_HOUR) * MS_PER_HOUR;
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
    .meta({ description });
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

/** The whole hours of a period, Unix milliseconds; the present month by default. Throws `RequestError`. */
export function periodOf(
  from: number | undefined,
  to: number | undefined,
  nowMs: number,
): { fromMs: number; toMs: number } {
  const toMs = to ?? endOfHour(nowMs);
  const fromMs = from ?? startOfMonth(toMs - 1);
  if (fromMs >= toMs) throw new RequestError(emptyPeriod(fromMs, toMs));
  return { fromMs, toMs };
}

function emptyPeriod(fromMs: number, toMs: number): string {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return from === to
    ? `to: from and to lie in the same hour, ${from}; usage is kept by whole hours`
    : `to: ${to} is before from, ${from}`;
}

function endOfHour(atMs: number): number {
  return Math.floor(atMs / MS_PER_HOUR) * MS_PER_HOUR + MS_PER_HOUR;
}

function startOfMonth(atMs: number): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}

/** The fields of documents of grants, price books and the like. */
import { z } from 'zod';
import { isKnownResource, MS_PER_HOUR, RESOURCE_NAMES } from '../../prometheus/usage-metrics.ts';
import { nearestName } from '../../runtime/settings/strict-table.ts';

/** The years of a grant, as of a question of the API. */
const [FIRST_MS, LAST_MS] = [Date.UTC(1970, 0), Date.UTC(2200, 0)];

/** A name that shows on pages and in addresses. `example` is a sentence for a missing one. */
export function nameField(example: string) {
  return z
    .string({ error: (issue) => (issue.input === undefined ? `missing; ${example}` : 'must be text') })
    .trim()
    .min(1, 'is empty')
    .max(100, 'is longer than 100 characters')
    .regex(/^\P{C}*$/u, 'contains a character that is not printable');
}

/** One line of text. */
export function lineField(longest: number) {
  return z
    .string({ error: (issue) => (issue.input === undefined ? 'missing' : 'must be text, in quotes') })
    .trim()
    .min(1, 'is empty')
    .max(longest, `is longer than ${longest} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'contains a line break or another control character');
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?)?$/;

/** An instant in the form of the documents: `2026-01-01T00:00:00Z`. A date means midnight UTC. */
export const instantField = z
  .string({ error: 'must be a date or a time, such as 2026-01-31 or 2026-01-31T13:00Z' })
  .transform((text, context) => {
    const result = readInstant(text);
    if (typeof result === 'number') return instantText(result);
    context.addIssue({ code: 'custom', message: result.problem });
    return z.NEVER;
  });

/** An instant at which a membership or a period may begin or end. */
export const hourField = instantField.refine((text) => instantOf(text) % MS_PER_HOUR === 0, {
  error: 'must be a whole hour in UTC, such as 2026-01-31T13:00Z: usage is kept by hours',
});

function readInstant(text: string): number | { problem: string } {
  const [, date, time = '00:00', seconds = ':00', fraction = '', zone] = INSTANT.exec(text.trim()) ?? [];
  if (date === undefined)
    return { problem: 'must be a date or a time, such as 2026-01-31 or 2026-01-31T13:00Z' };
  if (zone === undefined && text.trim() !== date)
    return { problem: `has no time zone; write ${date}T${time}Z for UTC` };
  const atMs = Date.parse(`${date}T${time}${seconds}${fraction}${(zone ?? 'Z').toUpperCase()}`);
  // JavaScript reads February 31st as March 3rd.
  const isReal = !Number.isNaN(atMs) && new Date(`${date}T00:00Z`).toISOString().startsWith(date);
  if (!isReal) return { problem: `there is no ${text.trim()} in the calendar` };
  if (atMs < FIRST_MS || atMs > LAST_MS) return { problem: 'must be in the years 1970 to 2199' };
  return atMs;
}

/** The text of an instant in documents. */
export function instantText(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}

/** Unix milliseconds of the text of an instant. */
export function instantOf(text: string): number {
  return Date.parse(text);
}

/**
 * An amount as decimal text, without needless zeros. Files may have numbers: decimals of 15 digits survive a float, and a
 * longer one needs quotes.
 */
export const amountField = z
  .union([z.string(), z.number()], { error: 'must be a positive number of hours, such as 1000 or "0.5"' })
  .transform((value, context) => {
    const text = String(value).trim();
    const [, whole, fraction = ''] = /^0*(\d{1,15})(?:\.(\d{1,6}?)0*)?$/.exec(text) ?? [];
    const digits = text.replaceAll(/\D/g, '').length;
    if (whole !== undefined && /[1-9]/.test(text) && (typeof value === 'string' || digits <= 15))
      return fraction === '' || /^0+$/.test(fraction) ? whole : `${whole}.${fraction}`;
    context.addIssue({
      code: 'custom',
      message: `must be a positive decimal of at most 15 digits and 6 places, such as 1000 or "0.5"; '${text.slice(0, 40)}' is not`,
    });
    return z.NEVER;
  });

/** A time zone of the IANA database. */
export const timeZoneField = z
  .string({ error: 'must be a time zone, such as "Europe/Berlin"' })
  .superRefine((zone, context) => {
    if (isTimeZone(zone)) return;
    const nearest = nearestName(zone, Intl.supportedValuesOf('timeZone'));
    context.addIssue({
      code: 'custom',
      message: `there is no time zone '${zone.slice(0, 100)}'; ${nearest === undefined ? 'write one such as "Europe/Berlin"' : `did you mean '${nearest}'?`}`,
    });
  });

function isTimeZone(zone: string): boolean {
  // An offset such as +01:00 has no summer time.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const resourceName = z
  .string({ error: 'missing; name a resource, such as "vcpu"' })
  .regex(/^[a-z0-9][a-z0-9_]{0,62}$/, 'must be the name of a resource, such as "vcpu"')
  .superRefine((name, context) => {
    // A site may meter resources that stackmeter does not know, but not with nearly the name of one that it knows.
    const nearest = isKnownResource(name) ? undefined : nearestName(name, RESOURCE_NAMES);
    if (nearest !== undefined)
      context.addIssue({ code: 'custom', message: `unknown resource '${name}'; did you mean '${nearest}'?` });
  })
  .meta({ examples: ['vcpu'] });

/** The tables of a file with this word. Their keys differ. */
export function tablesOf<T extends z.ZodType<object>>(word: string, table: T, most: number, key: string) {
  return z
    .array(table, { error: `write [[${word}]], with double brackets, once for each ${word}` })
    .max(most, `has more than ${most} tables`)
    .superRefine((tables, context) => {
      const seen = new Set<unknown>();
      for (const [index, one] of tables.entries()) {
        const identity = (one as Record<string, unknown>)[key];
        if (seen.has(identity))
          context.addIssue({
            code: 'custom',
            path: [index, key],
            message: `there are two of '${String(identity)}'; give each a ${key} of its own`,
          });
        seen.add(identity);
      }
    })
    .default([]);
}

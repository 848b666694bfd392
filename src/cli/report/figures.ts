import type { CoverageRow, SiteRow, UsageRow } from '../../portal/api/shapes/answers.ts';
import { counted } from '../../runtime/counted.ts';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { dateIn, lastDay, periodName, type Period } from './period.ts';

/** The usage of a period, with what a reader has to know about it. */
export interface Report {
  portal: string;
  madeAt: string;
  timeZone: string;
  step: string;
  period: Period;
  /** The period that it is compared with. */
  before: Period | undefined;
  /** The keys of the lines, in their order. */
  keys: readonly string[];
  lines: readonly Line[];
  sums: readonly Line[];
  notes: readonly string[];
}

export interface Line {
  keys: Readonly<Record<string, string>>;
  amount: number;
  before: number | undefined;
  unit: string;
  /** Undefined for a sum, and for usage in the period before only. */
  coverage: string | undefined;
}

const VALUES = new Set(['amount', 'unit', 'coverage']);

/** A key that is asked for only to match rows with earlier ones. */
export type Place = 'site' | 'cloud';

/**
 * The lines of two answers. Usage of the period before that has no row now comes last.
 *
 * @param hidden the keys of the answers that the lines leave out.
 */
export function linesOf(
  rows: readonly UsageRow[],
  before: readonly UsageRow[] | undefined,
  hidden: readonly Place[] = [],
): Line[] {
  const shown = (row: UsageRow) =>
    Object.fromEntries(Object.entries(keysOf(row)).filter(([name]) => !hidden.includes(name as Place)));
  const earlier = new Map(before?.map((row) => [identityOf(row), row]));
  const lines = rows.map((row): Line => {
    const identity = identityOf(row);
    const amount = before === undefined ? undefined : (earlier.get(identity)?.amount ?? 0);
    earlier.delete(identity);
    return { keys: shown(row), amount: row.amount, before: amount, unit: row.unit, coverage: row.coverage };
  });
  const gone = [...earlier.values()].map((row): Line => {
    return { keys: shown(row), amount: 0, before: row.amount, unit: row.unit, coverage: undefined };
  });
  return [...lines, ...gone];
}

/** The keys of a row as text. A flavor is its label. Usage without a grant has an empty one. */
function keysOf(row: UsageRow): Record<string, string> {
  const given = Object.entries(row).filter(([name]) => !VALUES.has(name));
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === 'object' ? (value?.label ?? '') : String(value)]),
  );
}

/** What stays the same from period to period: names of projects and the start do not. */
function identityOf(row: UsageRow): string {
  const { start: _start, project_name: _name, ...keys } = keysOf(row);
  return JSON.stringify(keys);
}

/** The sum of each resource. */
export function sumsOf(lines: readonly Line[]): Line[] {
  const groups = grouped(lines, ({ keys, unit }) => `${keys['resource'] ?? ''}\0${unit}`);
  return groups.flatMap(([, [first, ...others]]): Line[] => {
    if (first === undefined) return [];
    const all = [first, ...others];
    const { resource } = first.keys;
    return [
      {
        keys: resource === undefined ? {} : { resource },
        amount: sum(all.map(({ amount }) => amount)),
        before: first.before === undefined ? undefined : sum(all.map(({ before = 0 }) => before)),
        unit: first.unit,
        coverage: undefined,
      },
    ];
  });
}

/** Adds up whole milliseconds, which are exact up to 2.5e9 amount × hours, where hours in binary are not. */
function sum(amounts: readonly number[]): number {
  const total = amounts.reduce((all, amount) => all + BigInt(Math.round(amount * MS_PER_HOUR)), 0n);
  return Number(total) / MS_PER_HOUR;
}

/** The report with the starts of its steps as local dates, or times for hours, in place of UTC. */
export function withLocalStarts(report: Report): Report {
  const { timeZone, step } = report;
  const time = step === 'hour' ? ({ timeStyle: 'short' } as const) : {};
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', ...time });
  const lines = report.lines.map((line) => {
    const { start } = line.keys;
    return start === undefined
      ? line
      : { ...line, keys: { ...line.keys, start: format.format(new Date(start)) } };
  });
  return { ...report, lines };
}

/** The change in per cent, with one place; undefined where there was nothing before. */
export function percentOf({ amount, before }: Line): number | undefined {
  if (before === undefined || before === 0) return undefined;
  return Number(((100 * (amount - before)) / before).toFixed(1));
}

/** `+12.5 %`; empty where there was nothing before. */
export function changeOf(line: Line): string {
  const percent = percentOf(line);
  return percent === undefined ? '' : `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

const MOST_DAYS = 5;

/** The limits of the figures of a period: its hours that are missing or spread, by site, and whether it is over. */
export function notesOn(
  { period, today, timeZone }: { period: Period; today: string; timeZone: string },
  total: readonly CoverageRow[],
  missingDays: readonly CoverageRow[],
): string[] {
  const name = periodName(period);
  const open = today < period.to ? [`${name} is not over: its last day is ${lastDay(period)}.`] : [];
  if (total.length === 0) return [...open, `No site was read in ${name}.`];
  const spread = placesIn(total.filter(({ spread_seconds: seconds }) => seconds > 0)).map(
    ([place, rows]) =>
      `${place}: ${hoursText(rows)} of usage in ${name} are known only as a sum, and are spread over gaps.`,
  );
  const missing = placesIn(missingDays).map(([place, rows]) => {
    const days = rows.map(({ start }) => dateIn(timeZone, Date.parse(start)));
    const more = days.length > MOST_DAYS ? ` and ${counted(days.length - MOST_DAYS, 'more day')}` : '';
    return `${place}: hours are missing on ${days.slice(0, MOST_DAYS).join(', ')}${more}. Its numbers may grow.`;
  });
  return [...open, ...missing, ...spread];
}

/** The sites in some periods whose first reading came within them: their usage begins then. */
export function firstReadings(
  sites: readonly Pick<SiteRow, 'name' | 'first_reading_at'>[],
  known: readonly { period: Period; total: readonly CoverageRow[] }[],
  timeZone: string,
): string[] {
  const named = new Set(known.flatMap(({ total }) => total.map(({ site }) => site)));
  const from = known.map(({ period }) => period.from).reduce((a, b) => (a < b ? a : b));
  return sites.flatMap(({ name, first_reading_at: at }) => {
    if (at === null || !named.has(name)) return [];
    const dayOf = (atMs: number) => dateIn(timeZone, atMs);
    // A first reading at midnight leaves no part of its day unknown.
    if (dayOf(Date.parse(at) - 1) < from) return [];
    return [`${name}: you see readings of it from ${dayOf(Date.parse(at))} on.`];
  });
}

function placesIn(rows: readonly CoverageRow[]): [string, CoverageRow[]][] {
  return grouped(rows, ({ site = '', cloud = '' }) => (cloud === '' ? site : `${site}/${cloud}`));
}

function grouped<T>(all: readonly T[], nameOf: (one: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one]);
  return [...groups];
}

function hoursText(rows: readonly CoverageRow[]): string {
  const seconds = rows.reduce((all, row) => all + row.spread_seconds, 0);
  return counted(Math.ceil(seconds / 3600), 'hour');
}

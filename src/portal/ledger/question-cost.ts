import type { UsageQuery, UsageStep } from './ledger.ts';
import { RefusedQuestionError } from './question-errors.ts';
import { monthsBetween, piecesOf, type HourRange } from './steps.ts';

/** How much the ledger answers to one question. */
export interface QuestionLimits {
  /** Rows that the pages of a JSON answer may have together. */
  rows: number;
  csvRows: number;
  /** How long the database works on a JSON answer. */
  timeoutMs: number;
  /** How long a CSV may take, with all that its client takes. */
  csvTimeoutMs: number;
}

export const DEFAULT_QUESTION_LIMITS: QuestionLimits = {
  rows: 1_000_000,
  csvRows: 100_000_000,
  timeoutMs: 30_000,
  csvTimeoutMs: 3_600_000,
};

/** What the ledger counts of what a question is about. */
export interface LedgerCounts {
  sites: number;
  clouds: number;
  projects: number;
  meters: number;
  /** Kinds of resource. */
  resources: number;
  /** The hours that have readings; undefined where none have. */
  hours: HourRange | undefined;
}

export interface QuestionCost {
  /** Rows that the answer has at most. */
  rows: number;
  /** Sums of hours, days and months that are read for it at most. */
  sums: number;
}

/** What an answer costs at most; `range` is what is asked for, from the cursor on. */
export function costOf(query: UsageQuery, counts: LedgerCounts, range: HourRange): QuestionCost {
  const known = overlap(range, counts.hours);
  if (known === undefined) return { rows: 0, sums: 0 };
  const meters = metersOf(query, counts);
  const sums = piecesOf(query.step, known).reduce(
    (sum, { sumsOf, ...piece }) => sum + stepsOf(STEP_OF_SUMS[sumsOf], piece),
    0,
  );
  return { rows: groupsOf(query, counts, meters) * stepsOf(query.step, known), sums: meters * sums };
}

const STEP_OF_SUMS = { hours: 'hour', days: 'day', months: 'month' } as const;
const HOURS_PER_DAY = 24;

export function overlap(range: HourRange, hours: HourRange | undefined): HourRange | undefined {
  if (hours === undefined) return undefined;
  const fromHour = Math.max(range.fromHour, hours.fromHour);
  const toHour = Math.min(range.toHour, hours.toHour);
  return fromHour < toHour ? { fromHour, toHour } : undefined;
}

function metersOf(query: UsageQuery, { projects, resources, meters }: LedgerCounts): number {
  const ofFew = query.projectId !== undefined || query.grant !== undefined;
  const most = projects * (query.resource === undefined ? resources : 1);
  return ofFew ? most : Math.min(most, meters);
}

function groupsOf({ by, grants = [] }: UsageQuery, counts: LedgerCounts, meters: number): number {
  if (by.has('project')) return meters;
  const places = by.has('cloud') ? counts.clouds : by.has('site') ? counts.sites : 1;
  return Math.min(meters, places * counts.resources * (by.has('grant') ? grants.length + 1 : 1));
}

function stepsOf(step: UsageStep, range: HourRange): number {
  const { fromHour, toHour } = range;
  if (step === 'hour') return toHour - fromHour;
  if (step === 'day') return Math.ceil(toHour / HOURS_PER_DAY) - Math.floor(fromHour / HOURS_PER_DAY);
  return step === 'month' ? monthsBetween(range) : 1;
}

/** Throws a `RefusedQuestionError` where an answer in this form would have too many rows. */
export function refuseCostly({ rows }: QuestionCost, format: 'json' | 'csv', limits: QuestionLimits): void {
  const most = format === 'json' ? limits.rows : limits.csvRows;
  if (rows <= most) return;
  const less = 'a longer step, fewer keys in by, a shorter time, or one site, project, grant or resource';
  throw new RefusedQuestionError(
    'costly',
    `the answer could have ${rows} rows, and ${format === 'json' ? 'pages of JSON' : 'a CSV'} may have ${most}: ` +
      (format === 'json' ? `ask with format=csv, or for less: ${less}` : `ask for less: ${less}`),
  );
}

/** Questions that a page of the portal asks are quick; those that cost more wait among themselves. */
const QUICK: QuestionCost = { rows: 50_000, sums: 500_000 };

export function isQuick({ rows, sums }: QuestionCost): boolean {
  return rows <= QUICK.rows && sums <= QUICK.sums;
}

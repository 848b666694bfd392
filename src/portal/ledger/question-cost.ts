import type { UsageQuery, UsageStep } from './ledger.ts';
import { RefusedQuestionError } from './question-errors.ts';
import { grantLinks, seenLinks, splitLinks } from './grant-links.ts';
import { piecesOf, stepOfSums, stepsBetween, type HourRange } from './steps.ts';

/** The limits of one question to the ledger. */
export interface QuestionLimits {
  /** The largest number of rows on all pages of a JSON answer. */
  rows: number;
  csvRows: number;
  /** The longest time that the database works on a JSON answer. */
  timeoutMs: number;
  /** The longest time for a CSV, including the time that the client takes to read it. */
  csvTimeoutMs: number;
}

export const DEFAULT_QUESTION_LIMITS: QuestionLimits = {
  rows: 1_000_000,
  csvRows: 100_000_000,
  timeoutMs: 30_000,
  csvTimeoutMs: 3_600_000,
};

/** How much data the ledger has for a question: what its answer can contain at most. */
export interface LedgerCounts {
  sites: number;
  clouds: number;
  projects: number;
  /** The domains of the projects, for a question by domain. */
  domains: number;
  meters: number;
  /** The names of resources. */
  resources: number;
  /** The largest number of meters that a project may have: server hours have one for each flavor and state. */
  kinds: number;
  /** The projects that are in a grant of the question for a part of its time only; a project counts once for each part. */
  partialProjects: number;
  /** The projects that are seen only while they are in a grant; a project counts once for each part of the time. */
  seenProjects: number;
  /** The hours that have readings; undefined if there are none. */
  hours: HourRange | undefined;
}

export interface QuestionCost {
  /** The largest number of rows in the answer. */
  rows: number;
  /** The largest number of rows in one step. */
  rowsOfStep: number;
  /** The largest number of sums (of hours, days and months) that the database reads. */
  sums: number;
}

/** The largest cost of an answer. `range` starts at the cursor. */
export function costOf(query: UsageQuery, counts: LedgerCounts, range: HourRange): QuestionCost {
  const known = overlap(range, counts.hours);
  if (known === undefined) return { rows: 0, rowsOfStep: 0, sums: 0 };
  const meters = metersOf(query, counts);
  const partialMeters = counts.partialProjects * counts.kinds;
  // Projects of named grants are counted for each grant and time already, but not if the projects are named, too.
  const isCounted = query.grant !== undefined && query.projectId === undefined;
  const pairs = meters + (isCounted ? 0 : partialMeters);
  const rowsOfStep = groupsOf(query, counts, pairs);
  return {
    rows: rowsOfStep * stepsBetween(query.step, known, query.zone),
    rowsOfStep,
    sums:
      meters * sumsOf(stepOfSums(query), known) +
      (partialMeters + counts.seenProjects * counts.kinds) * mostSums(query, known),
  };
}

function sumsOf(step: UsageStep, range: HourRange): number {
  return piecesOf(step, range).reduce(
    (sum, piece) => sum + stepsBetween(STEP_OF_SUMS[piece.sumsOf], piece),
    0,
  );
}

/** The largest number of sums that one meter needs for a part of the time. */
function mostSums(query: UsageQuery, range: HourRange): number {
  const { partial } = splitLinks(grantLinks(query, range), range);
  return [...partial, ...seenLinks(query, range)].reduce(
    (most, link) => Math.max(most, sumsOf(stepOfSums(query), link)),
    0,
  );
}

const STEP_OF_SUMS = { hours: 'hour', days: 'day', months: 'month' } as const;

export function overlap(range: HourRange, hours: HourRange | undefined): HourRange | undefined {
  if (hours === undefined) return undefined;
  const fromHour = Math.max(range.fromHour, hours.fromHour);
  const toHour = Math.min(range.toHour, hours.toHour);
  return fromHour < toHour ? { fromHour, toHour } : undefined;
}

function metersOf({ projectId, grant }: UsageQuery, { projects, kinds, meters }: LedgerCounts): number {
  const ofFew = projectId !== undefined || grant !== undefined;
  return ofFew ? projects * kinds : Math.min(projects * kinds, meters);
}

/** The largest number of rows in a step, if `meters` counts a meter once for each grant that it is in. */
function groupsOf({ by, grants = [] }: UsageQuery, counts: LedgerCounts, meters: number): number {
  const isByKind = by.has('flavor') || by.has('state');
  const projects = counts.projects + counts.partialProjects;
  if (by.has('project')) return isByKind ? meters : Math.min(meters, projects * counts.resources);
  const places = by.has('cloud') ? counts.clouds : by.has('site') || isByKind ? counts.sites : 1;
  const rows = (by.has('domain') ? counts.domains : places) * (isByKind ? counts.kinds : counts.resources);
  return Math.min(meters, rows * (by.has('grant') ? grants.length + 1 : 1));
}

/** Throws `RefusedQuestionError` if an answer in this format could have too many rows. */
export function refuseCostly(
  { rows }: Pick<QuestionCost, 'rows'>,
  format: 'json' | 'csv',
  limits: QuestionLimits,
): void {
  const most = format === 'json' ? limits.rows : limits.csvRows;
  if (rows <= most) return;
  const less = 'a longer step, fewer keys in by, a shorter time, or one site, project, grant or resource';
  throw new RefusedQuestionError(
    'costly',
    `the answer could have ${rows} rows, and ${format === 'json' ? 'pages of JSON' : 'a CSV'} may have ${most}: ` +
      (format === 'json' ? `ask with format=csv, or for less: ${less}` : `ask for less: ${less}`),
  );
}

/** Questions from the portal's pages cost less than this. Questions that cost more wait for one another. */
const QUICK: Pick<QuestionCost, 'rows' | 'sums'> = { rows: 50_000, sums: 500_000 };

export function isQuick({ rows, sums }: Pick<QuestionCost, 'rows' | 'sums'>): boolean {
  return rows <= QUICK.rows && sums <= QUICK.sums;
}

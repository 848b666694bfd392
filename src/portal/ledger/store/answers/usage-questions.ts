import { MAX_PAGE } from '../../ledger.ts';
import type { Lanes } from '../../../database/lanes.ts';
import type { Queryable } from '../../../database/sql.ts';
import type { Page, ProjectUsage, ProjectUsageQuery, UsageQuery, StepUsage } from '../../ledger.ts';
import {
  costOf,
  isQuick,
  refuseCostly,
  type QuestionCost,
  type QuestionLimits,
} from '../../question-cost.ts';
import { countLedger } from './count-ledger.ts';
import type { Questions } from './question.ts';
import { queryProjectUsages } from './project-usages.ts';
import { queryUsage, streamUsage } from './usage.ts';
import type { Extent } from './usage-page.ts';
import { remainingHours } from './usage-query.ts';
import { viewOf } from './view/view.ts';

export interface UsageParts {
  questions: Questions;
  lanes: Lanes;
  limits: QuestionLimits;
  nowMs: () => number;
}

/** Answers one page of usage, in the lane for its cost. */
export async function askUsage(
  parts: UsageParts,
  query: UsageQuery,
  gone?: AbortSignal,
): Promise<Page<StepUsage>> {
  const extent = await estimate(parts, query, gone);
  refuseCostly(extent.cost, 'json', parts.limits);
  return await page(parts, query, extent, gone);
}

/**
 * All rows of a query. Few rows are read in one go, so no connection waits for the client. Many rows keep a connection
 * until the end.
 */
export async function* askAllUsage(
  parts: UsageParts,
  asked: UsageQuery,
  gone?: AbortSignal,
): AsyncGenerator<StepUsage[]> {
  const { lanes, limits, questions, nowMs } = parts;
  const query = { ...asked, cursor: undefined, limit: MAX_PAGE };
  const extent = await estimate(parts, query, gone);
  const { cost, counts } = extent;
  refuseCostly(cost, 'csv', limits);
  if (cost.rows <= MAX_PAGE) {
    yield (await page(parts, query, extent, gone)).data;
    return;
  }
  const lane = lanes[csvLane(cost, limits)];
  const late = AbortSignal.timeout(limits.csvTimeoutMs);
  const options = {
    lane,
    timeoutMs: limits.csvTimeoutMs,
    gone: gone === undefined ? late : AbortSignal.any([gone, late]),
  };
  yield* questions.stream(options, (trx) => streamUsage(trx, query, counts.hours, nowMs()));
}

/** The text of this many rows is some megabytes, which the API buffers for a slow client. */
const SHORT_CSV_ROWS = 50_000;

function csvLane({ rows }: QuestionCost, limits: QuestionLimits): 'shortCsv' | 'csv' | 'longCsv' {
  if (rows <= SHORT_CSV_ROWS) return 'shortCsv';
  return rows <= limits.rows ? 'csv' : 'longCsv';
}

/** All projects of a question by project, in the lane for its cost. */
export async function askProjectUsages(
  parts: UsageParts,
  asked: ProjectUsageQuery,
  gone?: AbortSignal,
): Promise<ProjectUsage[]> {
  const query = { ...asked, step: 'total', by: BY_PROJECT, limit: Infinity } as const;
  const { cost, counts } = await estimate(parts, query, gone);
  refuseCostly(cost, 'json', parts.limits);
  return await inLane(parts, cost, gone, async (trx) =>
    queryProjectUsages(trx, query, counts.hours, parts.nowMs()),
  );
}

const BY_PROJECT = new Set(['site', 'project', 'resource'] as const);

async function page(
  parts: UsageParts,
  query: UsageQuery,
  extent: Extent,
  gone: AbortSignal | undefined,
): Promise<Page<StepUsage>> {
  return await inLane(parts, extent.cost, gone, async (trx) => queryUsage(trx, query, extent, parts.nowMs()));
}

async function inLane<T>(
  { questions, lanes, limits }: UsageParts,
  cost: QuestionCost,
  gone: AbortSignal | undefined,
  answer: (trx: Queryable) => Promise<T>,
): Promise<T> {
  const lane = isQuick(cost) ? lanes.questions : lanes.longQuestions;
  return await questions.ask({ lane, timeoutMs: limits.timeoutMs, gone }, answer);
}

async function estimate(
  { questions, lanes, limits }: UsageParts,
  query: UsageQuery,
  gone: AbortSignal | undefined,
): Promise<Extent> {
  const range = remainingHours(query);
  const options = { lane: lanes.questions, timeoutMs: limits.timeoutMs, gone };
  return await questions.ask(options, async (trx) => {
    const view = await viewOf(trx, query);
    const counts = await countLedger(trx, view);
    return { counts, cost: costOf(view.query, counts, range) };
  });
}

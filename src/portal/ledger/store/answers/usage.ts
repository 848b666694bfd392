import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR, unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf, type CoveredCloud } from '../../accounting/sites/coverage.ts';
import type { Page, UsageQuery, StepUsage } from '../../ledger.ts';
import { overlap } from '../../question-cost.ts';
import { hourRange, monthsOf, stepEnd, type HourRange } from '../../steps.ts';
import { loadCoveredClouds } from './covered-clouds.ts';
import { writeCursor } from './cursor.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { sumPage, type Extent } from './usage-page.ts';
import { setPlanning, sortKeys, usageSums, type UsageRecord } from './usage-query.ts';
import { projectsOf } from './view/seen-projects.ts';
import { viewOf, type View } from './view/view.ts';

/** Answers a usage query from one snapshot; see `UsageQuery` and `StepUsage`. Throws `CursorError` and `HoursGoneError`. */
export async function queryUsage(
  trx: Queryable,
  asked: UsageQuery,
  extent: Extent,
  nowMs: number,
): Promise<Page<StepUsage>> {
  const view = await viewOf(trx, asked);
  const { query } = view;
  const range = hourRange(query);
  await refuseHoursGone(trx, view, range);
  const records = await sumPage(trx, view, range, extent);
  const rowOf = await rowMaker(trx, view, range, nowMs);
  const shown = records.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    data: shown.map(rowOf),
    next: records.length > query.limit && last !== undefined ? writeCursor(sortKeys(last)) : null,
  };
}

const ROWS_AT_ONCE = 2_000;

/**
 * All rows of a query in order, in batches, from one snapshot: the database sums once, and not for each page. `hours` is the
 * range for which the ledger has data. Throws `HoursGoneError` before the first row.
 */
export async function* streamUsage(
  trx: Queryable,
  asked: UsageQuery,
  hours: HourRange | undefined,
  nowMs: number,
): AsyncGenerator<StepUsage[]> {
  const view = await viewOf(trx, { ...asked, cursor: undefined });
  const { query } = view;
  const range = hourRange(query);
  await refuseHoursGone(trx, view, range);
  await setPlanning(trx, query);
  // Plan for all rows, not for the first ones.
  await trx.query(sql`SET LOCAL cursor_tuple_fraction = 1`);
  const rowOf = await rowMaker(trx, view, range, nowMs);
  for (const part of partsOf(query, range).filter((one) => overlap(one, hours) !== undefined))
    for await (const records of recordsOf(trx, view, range, part)) yield records.map(rowOf);
}

/** Splits days and hours by month, so that the database sorts one month at a time. */
function partsOf({ step }: UsageQuery, range: HourRange): HourRange[] {
  return step === 'day' || step === 'hour' ? monthsOf(range) : [range];
}

async function* recordsOf(
  trx: Queryable,
  view: View<UsageQuery>,
  range: HourRange,
  part: HourRange,
): AsyncGenerator<UsageRecord[]> {
  await trx.query(sql`DECLARE usage NO SCROLL CURSOR FOR ${usageSums(view, range, part)}`);
  for (;;) {
    const { rows } = await trx.query<UsageRecord>(sql`FETCH ${raw(String(ROWS_AT_ONCE))} FROM usage`);
    if (rows.length === 0) break;
    yield rows;
  }
  await trx.query(sql`CLOSE usage`);
}

/** Returns a function that turns sums into rows, with coverage from the present progress of each site. */
async function rowMaker(
  trx: Queryable,
  view: View<UsageQuery>,
  range: HourRange,
  nowMs: number,
): Promise<(record: UsageRecord) => StepUsage> {
  const { query, links } = view;
  const cloudsOf = await loadCoveredClouds(trx, view, range);
  const keyOf = (...parts: string[]) => JSON.stringify(parts);
  const seenNames = new Map(
    projectsOf(links).map((one) => [keyOf(one.site, one.cloud, one.projectId), one.projectName]),
  );
  return (record) => {
    const name = seenNames.get(keyOf(record.site, record.cloud, record.project_id));
    const named = name === undefined ? record : { ...record, project_name: name };
    return stepUsage(named, query, range, cloudsOf(record), nowMs);
  };
}

function stepUsage(
  record: UsageRecord,
  query: UsageQuery,
  range: HourRange,
  clouds: readonly CoveredCloud[],
  nowMs: number,
): StepUsage {
  const interval = {
    fromMs: record.start_hour * MS_PER_HOUR,
    toMs: stepEnd(query.step, record.start_hour, range) * MS_PER_HOUR,
    spread: BigInt(record.spread) > 0n,
  };
  return {
    ...dimensions(record, query),
    startMs: interval.fromMs,
    amountMs: BigInt(record.amount),
    amount: Number(BigInt(record.amount)) / MS_PER_HOUR,
    unit: unitOfResource(record.resource),
    coverage: coverageOf(interval, clouds, nowMs),
  };
}

/** The dimensions of the query, and the resource unless the query names it. */
function dimensions(record: UsageRecord, { by, resource }: UsageQuery) {
  return {
    ...(by.has('grant') ? { grant: record.grant_name === '' ? null : record.grant_name } : {}),
    ...(by.has('site') ? { site: record.site } : {}),
    ...(by.has('cloud') ? { cloud: record.cloud } : {}),
    ...(by.has('project') ? { projectId: record.project_id, projectName: record.project_name } : {}),
    ...(by.has('resource') || resource === undefined ? { resource: record.resource } : {}),
    ...(by.has('flavor') ? { flavor: record.flavor } : {}),
    ...(by.has('state') ? { state: record.state } : {}),
  };
}

import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR, unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf, type CoveredCloud } from '../../accounting/sites/coverage.ts';
import type { Page, UsageQuery, StepUsage } from '../../ledger.ts';
import { listOf } from '../../names.ts';
import { overlap } from '../../question-cost.ts';
import { hourRange, monthsOf, stepEnd, type HourRange } from '../../steps.ts';
import { loadCoveredClouds } from './covered-clouds.ts';
import { writeCursor } from './cursor.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { sumPage, type Extent } from './usage-page.ts';
import { setPlanning, type SummedPart } from './sums/meter-sums.ts';
import { loadRecords, sortKeys, usageSums, type UsageRecord } from './usage-query.ts';
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
 * All rows of a query in order, in batches, from one snapshot: the database sums once, and not for each page. `known` is the
 * range for which the ledger has data. Throws `HoursGoneError` before the first row.
 */
export async function* streamUsage(
  trx: Queryable,
  asked: UsageQuery,
  known: HourRange | undefined,
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
  for (const part of partsOf(query, range).filter((one) => overlap(one, known) !== undefined))
    for await (const records of recordsOf(trx, view, range, { hours: part, known })) yield records.map(rowOf);
}

/** Splits days and hours by month, so that the database sorts one month at a time. */
function partsOf({ step, zone }: UsageQuery, range: HourRange): HourRange[] {
  return step === 'day' || step === 'hour' ? monthsOf(range, zone) : [range];
}

async function* recordsOf(
  trx: Queryable,
  view: View<UsageQuery>,
  range: HourRange,
  part: SummedPart,
): AsyncGenerator<UsageRecord[]> {
  await trx.query(sql`DECLARE usage NO SCROLL CURSOR FOR ${usageSums(view, range, part)}`);
  for (;;) {
    const records = await loadRecords(trx, view.query, sql`FETCH ${raw(String(ROWS_AT_ONCE))} FROM usage`);
    if (records.length === 0) break;
    yield records;
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
  const { query } = view;
  const cloudsOf = await loadCoveredClouds(trx, view, range);
  return (record) => stepUsage(record, query, range, cloudsOf(record), nowMs);
}

function stepUsage(
  record: UsageRecord,
  query: UsageQuery,
  range: HourRange,
  clouds: readonly CoveredCloud[],
  nowMs: number,
): StepUsage {
  const { by, step, zone, resource } = query;
  const interval = {
    fromMs: record.start_hour * MS_PER_HOUR,
    toMs: stepEnd(step, record.start_hour, range, zone) * MS_PER_HOUR,
    spread: Number(record.spread) > 0,
  };
  const amountMs = BigInt(record.amount);
  const isOneResource = resource !== undefined && listOf(resource).length === 1;
  return {
    grant: by.has('grant') ? (record.grant_name === '' ? null : record.grant_name) : undefined,
    site: by.has('site') ? record.site : undefined,
    cloud: by.has('cloud') ? record.cloud : undefined,
    domainId: by.has('domain') ? record.domain_id : undefined,
    domainName: by.has('domain') ? record.domain_name : undefined,
    projectId: by.has('project') ? record.project_id : undefined,
    projectName: by.has('project') ? record.project_name : undefined,
    resource: isOneResource && !by.has('resource') ? undefined : record.resource,
    flavor: by.has('flavor') ? record.flavor : undefined,
    state: by.has('state') ? record.state : undefined,
    startMs: interval.fromMs,
    amountMs,
    amount: Number(amountMs) / MS_PER_HOUR,
    unit: unitOfResource(record.resource),
    coverage: coverageOf(interval, clouds, nowMs),
  };
}

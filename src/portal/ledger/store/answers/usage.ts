import type { Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR, unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf, type CoveredCloud } from '../../accounting/sites/coverage.ts';
import type { Page, UsageQuery, StepUsage } from '../../ledger.ts';
import { hourRange, stepEnd, type HourRange } from '../../steps.ts';
import { loadCoveredClouds } from './covered-clouds.ts';
import { writeCursor } from './cursor.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { sortKeys, sumUsage, type UsageRecord } from './usage-query.ts';

/** Answers a usage query from one snapshot; see `UsageQuery` and `StepUsage`. Throws `CursorError` and `HoursGoneError`. */
export async function queryUsage(trx: Queryable, query: UsageQuery, nowMs: number): Promise<Page<StepUsage>> {
  const range = hourRange(query);
  await refuseHoursGone(trx, query, range);
  const records = await sumUsage(trx, query, range);
  const rowOf = await rowMaker(trx, query, range, nowMs);
  const shown = records.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    data: shown.map(rowOf),
    next: records.length > query.limit && last !== undefined ? writeCursor(sortKeys(last)) : null,
  };
}

/** Returns a function that turns sums into rows, with coverage from the present progress of each site. */
export async function rowMaker(
  trx: Queryable,
  query: UsageQuery,
  range: HourRange,
  nowMs: number,
): Promise<(record: UsageRecord) => StepUsage> {
  const cloudsOf = await loadCoveredClouds(trx, query, range);
  return (record) => stepUsage(record, query, range, cloudsOf(record), nowMs);
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

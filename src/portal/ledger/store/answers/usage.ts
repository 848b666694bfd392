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
  const seenNames = new Map(
    projectsOf(links).map((one) => [keyOf(one.site, one.cloud, one.projectId), one.projectName]),
  );
  const nameOf = ({ site, cloud, project_id, project_name }: UsageRecord) =>
    seenNames.size === 0 ? project_name : (seenNames.get(keyOf(site, cloud, project_id)) ?? project_name);
  return (record) => stepUsage(record, nameOf(record), query, range, cloudsOf(record), nowMs);
}

const keyOf = (...parts: string[]) => JSON.stringify(parts);

function stepUsage(
  record: UsageRecord,
  projectName: string,
  query: UsageQuery,
  range: HourRange,
  clouds: readonly CoveredCloud[],
  nowMs: number,
): StepUsage {
  const { by, step, resource } = query;
  const interval = {
    fromMs: record.start_hour * MS_PER_HOUR,
    toMs: stepEnd(step, record.start_hour, range) * MS_PER_HOUR,
    spread: BigInt(record.spread) > 0n,
  };
  const amountMs = BigInt(record.amount);
  return {
    grant: by.has('grant') ? (record.grant_name === '' ? null : record.grant_name) : undefined,
    site: by.has('site') ? record.site : undefined,
    cloud: by.has('cloud') ? record.cloud : undefined,
    projectId: by.has('project') ? record.project_id : undefined,
    projectName: by.has('project') ? projectName : undefined,
    resource: by.has('resource') || resource === undefined ? record.resource : undefined,
    flavor: by.has('flavor') ? record.flavor : undefined,
    state: by.has('state') ? record.state : undefined,
    startMs: interval.fromMs,
    amountMs,
    amount: Number(amountMs) / MS_PER_HOUR,
    unit: unitOfResource(record.resource),
    coverage: coverageOf(interval, clouds, nowMs),
  };
}

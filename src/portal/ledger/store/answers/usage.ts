import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR, unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf } from '../../accounting/sites/coverage.ts';
import type { Coverage, Page, UsageQuery, StepUsage } from '../../ledger.ts';
import { listOf } from '../../names.ts';
import { overlap } from '../../question-cost.ts';
import { hourRange, monthsOf, stepEnd, type HourRange } from '../../steps.ts';
import { loadCoveredClouds } from './covered-clouds.ts';
import { writeCursor } from './cursor.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { sumPage, type Extent } from './usage-page.ts';
import { setPlanning, type SummedPart } from './sums/meter-sums.ts';
import { loadRecords, sortKeys, usageSums, type UsagePlace, type UsageRecord } from './usage-query.ts';
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
  let next = fetchRecords(trx, view.query);
  for (;;) {
    const records = await next;
    if (records.length === 0) break;
    // The database gets the next ones ready while these are written.
    next = fetchRecords(trx, view.query);
    // A reader that stops early does not wait for them.
    next.catch(() => undefined);
    yield records;
  }
  await trx.query(sql`CLOSE usage`);
}

async function fetchRecords(trx: Queryable, query: UsageQuery): Promise<UsageRecord[]> {
  return await loadRecords(trx, query, sql`FETCH ${raw(String(ROWS_AT_ONCE))} FROM usage`);
}

/** Returns a function that turns sums into rows, with coverage from the present progress of each site. */
async function rowMaker(
  trx: Queryable,
  view: View<UsageQuery>,
  range: HourRange,
  nowMs: number,
): Promise<(record: UsageRecord) => StepUsage> {
  const { by, step, zone, resource } = view.query;
  const cloudsOf = await loadCoveredClouds(trx, view, range);
  const withoutSpread = (place: UsagePlace) => {
    const toHour = stepEnd(step, place.start_hour, range, zone);
    const [fromMs, toMs] = [place.start_hour * MS_PER_HOUR, toHour * MS_PER_HOUR];
    return coverageOf({ fromMs, toMs, spread: false }, cloudsOf(place), nowMs);
  };
  const hasResource = by.has('resource') || resource === undefined || listOf(resource).length > 1;
  let last: { place: UsagePlace; coverage: Coverage } | undefined;
  return ({ place, sum }) => {
    // Clouds and steps are looked up once for the records of a project.
    if (last?.place !== place) last = { place, coverage: withoutSpread(place) };
    const amountMs = BigInt(sum.amount);
    return {
      grant: by.has('grant') ? (place.grant_name === '' ? null : place.grant_name) : undefined,
      site: by.has('site') ? place.site : undefined,
      cloud: by.has('cloud') ? place.cloud : undefined,
      domainId: by.has('domain') ? place.domain_id : undefined,
      domainName: by.has('domain') ? place.domain_name : undefined,
      projectId: by.has('project') ? place.project_id : undefined,
      projectName: by.has('project') ? place.project_name : undefined,
      resource: hasResource ? sum.resource : undefined,
      flavor: by.has('flavor') ? sum.flavor : undefined,
      state: by.has('state') ? sum.state : undefined,
      startMs: place.start_hour * MS_PER_HOUR,
      amountMs,
      amount: Number(amountMs) / MS_PER_HOUR,
      unit: unitOfResource(sum.resource),
      coverage: last.coverage === 'measured' && Number(sum.spread) > 0 ? 'spread' : last.coverage,
    };
  };
}

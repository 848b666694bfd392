import { raw, sql, type Queryable } from '../../../database/sql.ts';
import type { UsageQuery, StepUsage } from '../../ledger.ts';
import { overlap } from '../../question-cost.ts';
import { hourRange, monthsOf, type HourRange } from '../../steps.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { siteCondition } from '../database/site-condition.ts';
import { rowMaker } from './usage.ts';
import { setPlanning, usageSums, type UsageRecord } from './usage-query.ts';

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
  const query = { ...asked, cursor: undefined };
  const range = hourRange(query);
  await refuseHoursGone(trx, query, range);
  await setPlanning(trx, query);
  // Plan for all rows, not for the first ones.
  await trx.query(sql`SET LOCAL cursor_tuple_fraction = 1`);
  const rowOf = await rowMaker(trx, query, range, nowMs);
  for (const part of partsOf(query, range).filter((one) => overlap(one, hours) !== undefined))
    for await (const records of recordsOf(trx, query, range, part)) yield records.map(rowOf);
}

/** Splits days and hours by month, so that the database sorts one month at a time. */
function partsOf({ step }: UsageQuery, range: HourRange): HourRange[] {
  return step === 'day' || step === 'hour' ? monthsOf(range) : [range];
}

async function* recordsOf(
  trx: Queryable,
  query: UsageQuery,
  range: HourRange,
  part: HourRange,
): AsyncGenerator<UsageRecord[]> {
  await trx.query(
    sql`DECLARE usage NO SCROLL CURSOR FOR ${usageSums(query, range, await siteCondition(trx, query.site), part)}`,
  );
  for (;;) {
    const { rows } = await trx.query<UsageRecord>(sql`FETCH ${raw(String(ROWS_AT_ONCE))} FROM usage`);
    if (rows.length === 0) break;
    yield rows;
  }
  await trx.query(sql`CLOSE usage`);
}

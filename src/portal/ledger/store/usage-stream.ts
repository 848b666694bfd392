import { sql, type ControlledTransaction, type Kysely } from 'kysely';
import type { AccountingRules } from '../accounting/meter.ts';
import type { UsageQuery, UsageRow } from '../ledger.ts';
import { monthsOf, type HourRange } from '../steps.ts';
import { boundIdleTime } from './fence.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { rowMaker } from './usage.ts';
import { hourRange, setPlanning, usageSums, type UsageRecord } from './usage-query.ts';

const ROWS_AT_ONCE = 2_000;

/**
 * All rows of a query in their order, of one instant, some at a time: the database sums once and not for each page. Throws
 * `HoursGoneError` before the first row. It takes a connection until its end; the database ends it where nobody takes rows for half a minute.
 */
export async function* streamUsage(
  database: Kysely<unknown>,
  asked: UsageQuery,
  nowMs: number,
  rulesOf: (site: string) => AccountingRules,
): AsyncGenerator<UsageRow[]> {
  const query = { ...asked, cursor: undefined };
  const range = hourRange(query);
  const trx = await database
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute();
  try {
    await boundIdleTime(trx);
    await refuseHoursGone(trx, query, range);
    await setPlanning(trx, query);
    // All rows are wanted, not the first ones soon.
    await sql`SET LOCAL cursor_tuple_fraction = 1`.execute(trx);
    const rowOf = await rowMaker(trx, query, range, nowMs, rulesOf);
    for (const part of partsOf(query, range))
      for await (const records of recordsOf(trx, query, range, part)) yield records.map(rowOf);
  } finally {
    await trx
      .rollback()
      .execute()
      .catch(() => undefined);
  }
}

/** Days and hours of all projects are many: the database sorts those of one month at a time. */
function partsOf({ step }: UsageQuery, range: HourRange): HourRange[] {
  return step === 'day' || step === 'hour' ? monthsOf(range) : [range];
}

async function* recordsOf(
  trx: ControlledTransaction<unknown>,
  query: UsageQuery,
  range: HourRange,
  part: HourRange,
): AsyncGenerator<UsageRecord[]> {
  await sql`DECLARE usage NO SCROLL CURSOR FOR ${usageSums(query, range, part)}`.execute(trx);
  for (;;) {
    const { rows } = await sql<UsageRecord>`FETCH ${sql.lit(ROWS_AT_ONCE)} FROM usage`.execute(trx);
    if (rows.length === 0) break;
    yield rows;
  }
  await sql`CLOSE usage`.execute(trx);
}

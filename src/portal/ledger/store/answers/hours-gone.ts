import { HoursGoneError } from '../../question-errors.ts';
import { sql, type Kysely } from 'kysely';
import type { UsageQuery } from '../../ledger.ts';
import { firstHourNeeded, type HourRange } from '../../steps.ts';

/** Throws `HoursGoneError` where a site that the query is about has not all the hours any more that it takes. */
export async function refuseHoursGone(
  database: Kysely<unknown>,
  { step, site }: UsageQuery,
  range: HourRange,
): Promise<void> {
  const neededHour = firstHourNeeded(step, range);
  if (neededHour === undefined) return;
  const { rows } = await sql<{ hours_from: number | null }>`
    SELECT max(t.hours_from) AS hours_from FROM ledger.site_state t JOIN ledger.site s USING (site_id)
    WHERE ${site === undefined ? sql`true` : sql`s.name = ${site}`}`.execute(database);
  const keptFromHour = rows[0]?.hours_from ?? -Infinity;
  if (neededHour < keptFromHour) throw new HoursGoneError(keptFromHour);
}

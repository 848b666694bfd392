import { sql, type Queryable } from '../../../database/sql.ts';
import { HoursGoneError } from '../../question-errors.ts';
import type { UsageQuery } from '../../ledger.ts';
import { siteCondition } from '../database/site-condition.ts';
import { firstHourNeeded, type HourRange } from '../../steps.ts';

/** Throws `HoursGoneError` if a site of the query no longer has all hours that the answer needs. */
export async function refuseHoursGone(
  database: Queryable,
  { step, site }: UsageQuery,
  range: HourRange,
): Promise<void> {
  const neededHour = firstHourNeeded(step, range);
  if (neededHour === undefined) return;
  const ofSite = await siteCondition(database, site);
  const { rows } = await database.query<{ hours_from: number | null }>(sql`
    SELECT max(t.hours_from) AS hours_from FROM ledger.site_state t WHERE ${ofSite(sql`t.site_id`)}`);
  const keptFromHour = rows[0]?.hours_from ?? -Infinity;
  if (neededHour < keptFromHour) throw new HoursGoneError(keptFromHour);
}

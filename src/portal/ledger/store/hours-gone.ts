import { sql, type Kysely } from 'kysely';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { UserError } from '../../../runtime/user-error.ts';
import type { UsageQuery } from '../ledger.ts';
import { firstHourNeeded, type HourRange } from '../steps.ts';

/** An answer would need hours that are kept no longer: to leave them out would be to say that nothing was used. */
export class HoursGoneError extends UserError {
  constructor(keptFromHour: number) {
    const keptFrom = new Date(keptFromHour * MS_PER_HOUR).toISOString();
    super(
      `hours before ${keptFrom} are kept no longer; their days are: ask by day, month or total, from 00:00 to 00:00 UTC`,
    );
  }
}

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

import { join, sql, type Queryable } from '../../../database/sql.ts';
import { grantLinks, seenLinks, splitLinks, type GrantLink } from '../../grant-links.ts';
import { HoursGoneError } from '../../question-errors.ts';
import type { UsageQuery } from '../../ledger.ts';
import { firstHourNeeded, hourRange, stepOfSums, type HourRange } from '../../steps.ts';
import { meterConditions } from './sums/meter-sums.ts';
import { grantedProjects, piecesOfLinks } from './view/granted-usage.ts';
import type { View } from './view/view.ts';

/**
 * Throws `HoursGoneError` if the ledger no longer has all hours that the answer needs: of the sites that the question sees
 * as a whole, and of projects that are in a grant for a part of a day. At other sites, and in a question about one grant, only
 * the hours of these projects are needed.
 */
export async function refuseHoursGone(
  database: Queryable,
  view: View<UsageQuery>,
  range: HourRange,
): Promise<void> {
  const { query, whole, ofSite } = view;
  const { rows } = await database.query<{ hours_from: number | null; whole_from: number | null }>(sql`
    SELECT max(t.hours_from) AS hours_from, max(t.hours_from) FILTER (WHERE ${whole(sql`t.site_id`)}) AS whole_from
    FROM ledger.site_state t WHERE ${ofSite(sql`t.site_id`)}`);
  const keptFromHour = rows[0]?.hours_from ?? -Infinity;
  const links = grantLinks(query, range);
  const seen = seenLinks(query, range);
  if (query.grant !== undefined) return await refuseLinks(database, view, [...links, ...seen], keptFromHour);
  const neededHour = firstHourNeeded(stepOfSums(query), range) ?? Infinity;
  const wholeFromHour = rows[0]?.whole_from ?? -Infinity;
  if (neededHour < wholeFromHour) throw new HoursGoneError(wholeFromHour);
  await refuseLinks(database, view, [...splitLinks(links, range).partial, ...seen], keptFromHour);
}

interface GoneRecord {
  grant_name: string;
  /** The piece of the time in the grant that needs hours. */
  from_hour: number;
  to_hour: number;
  hours_from: number;
}

/** Refuses links that need hours of a project of which only the days are left. A day without usage has no hours to lose. */
async function refuseLinks(
  database: Queryable,
  { query, ofSite }: View<UsageQuery>,
  links: readonly GrantLink[],
  keptFromHour: number,
): Promise<void> {
  const early = links.filter((link) => (firstHourNeeded(stepOfSums(query), link) ?? Infinity) < keptFromHour);
  if (early.length === 0) return;
  const { rows } = await database.query<GoneRecord>(sql`
    SELECT g.name AS grant_name, w.from_hour, w.to_hour, t.hours_from
    FROM (${piecesOfLinks(early, stepOfSums(query))}) w
    JOIN (${grantedProjects(early, ofSite)}) g USING (link)
    JOIN ledger.meter m ON m.site_id = g.site_id AND m.project_id = g.project_id
    JOIN ledger.month e ON e.site_id = m.site_id AND e.meter_id = m.meter_id AND e.first_hour = w.month_hour
    JOIN ledger.site_state t ON t.site_id = g.site_id
    WHERE w.sums_of = 'hours' AND e.hour_amounts IS NULL AND ${join(meterConditions(query, ofSite), ' AND ')}
      AND EXISTS (
        SELECT FROM unnest(
          e.day_amounts[(w.from_hour - e.first_hour) / 24 + 1 : (w.to_hour - 1 - e.first_hour) / 24 + 1],
          e.day_spreads[(w.from_hour - e.first_hour) / 24 + 1 : (w.to_hour - 1 - e.first_hour) / 24 + 1]
        ) AS u (amount, spread)
        WHERE u.amount <> 0 OR u.spread <> 0)
    ORDER BY w.from_hour, g.name LIMIT 1`);
  const [gone] = rows;
  if (gone !== undefined) throw new HoursGoneError(gone.hours_from, boundaryOf(gone, query));
}

/** The instant in the middle of a day that makes the piece need hours, unless the question itself needs them. */
function boundaryOf({ grant_name, from_hour, to_hour }: GoneRecord, query: UsageQuery) {
  const isGroup = query.grants?.some(({ group }) => group === grant_name);
  const grant = isGroup ? '' : grant_name;
  const range = hourRange(query);
  const hour = [from_hour, to_hour].find(
    (edge) => edge % 24 !== 0 && edge !== range.fromHour && edge !== range.toHour,
  );
  if (stepOfSums(query) === 'hour' || hour === undefined) return undefined;
  // An answer that does not name grants has one without a name.
  const which = grant === '' ? 'a grant' : `the grant '${grant}'`;
  return { what: `a project joins or leaves ${which}`, hour, grant: grant === '' ? undefined : grant };
}

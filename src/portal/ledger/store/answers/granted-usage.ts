import { join, sql, type Sql } from '../../../database/sql.ts';
import { numberArray } from '../../../database/columns.ts';
import type { GrantLink } from '../../grant-links.ts';
import type { UsageQuery, UsageStep } from '../../ledger.ts';
import { piecesByMonth } from '../../steps.ts';

/** The projects of links at the sites of `ofSite` (`siteCondition`): ids, the id of the cloud, and the link by its place in the list. */
export function grantedProjects(links: readonly GrantLink[], ofSite: (column: Sql) => Sql): Sql {
  return sql`
    SELECT p.site_id, p.cloud_id, p.project_id, w.name, w.from_hour, w.to_hour, w.link
    FROM unnest(
      ${links.map(({ grant }) => grant)}::text[],
      ${links.map(({ site }) => site)}::text[],
      ${links.map(({ cloud }) => cloud ?? null)}::text[],
      ${links.map(({ projectId }) => projectId)}::text[],
      ${numberArray(links.map(({ fromHour }) => fromHour))}::int[],
      ${numberArray(links.map(({ toHour }) => toHour))}::int[]
    ) WITH ORDINALITY AS w (name, site, cloud, key, from_hour, to_hour, link)
    JOIN ledger.site s ON s.name = w.site
    JOIN ledger.project p ON p.site_id = s.site_id AND p.key = w.key
    JOIN ledger.cloud c ON c.site_id = p.site_id AND c.cloud_id = p.cloud_id
    WHERE (w.cloud IS NULL OR c.name = w.cloud) AND ${ofSite(sql`p.site_id`)}`;
}

export interface PartialUsage {
  query: UsageQuery;
  /** The start of the step that contains the hour of `e`. */
  start: Sql;
  /** The number of the project of a meter `m`, or 0 if the answer does not separate projects. */
  project: Sql;
  /** Conditions for meters `m`. */
  meters: readonly Sql[];
  ofSite: (column: Sql) => Sql;
  /** The first hour that can be in the answer. */
  fromHour: number;
  /** Whether the entries of the meters should be found by their keys. */
  byKey: boolean;
}

/**
 * The common table `moved`: the usage of projects that are in a grant for a part of the range only, by grant. The other rows
 * of the answer count this usage as usage without a grant, so `moved` also takes it from there, unless the question is about
 * one grant. Sums of months, days and hours come from the same tables as in the views.
 */
export function partialUsage(links: readonly GrantLink[], asked: PartialUsage): Sql {
  const { query, start, project, meters, ofSite, fromHour } = asked;
  const columns = sql`c.grant_name, e.site_id, c.resource_id, c.project_id`;
  const during = sql`${sumConditions(asked)} AND`;
  return sql`
    partial AS MATERIALIZED (
      SELECT m.site_id, m.meter_id, m.resource_id, ${project} AS project_id,
             ${query.by.has('grant') ? sql`g.name` : sql`''`} COLLATE "C" AS grant_name, g.link, g.from_hour, g.to_hour
      FROM (${grantedProjects(links, ofSite)}) g
      JOIN ledger.meter m ON m.site_id = g.site_id AND m.project_id = g.project_id
      WHERE ${join(meters, ' AND ')}
    ), piece AS MATERIALIZED (
      SELECT c.grant_name, c.site_id, c.meter_id, c.resource_id, c.project_id, p.sums_of, p.month_hour, p.from_hour, p.to_hour
      FROM (${piecesOfLinks(links, query.step, fromHour)}) p JOIN partial c USING (link)
    ), gained AS MATERIALIZED (
      SELECT grant_name, site_id, resource_id, project_id, ${start} AS start_hour, sum(amount) AS amount, sum(spread) AS spread
      FROM (
        SELECT ${columns}, e.hour, e.amount, e.spread
        FROM ledger.entry e JOIN partial c USING (site_id, meter_id)
        WHERE ${during} e.hour >= c.from_hour AND e.hour < c.to_hour
        UNION ALL
        SELECT ${columns}, e.open_hour, e.open_amount, e.open_spread
        FROM ledger.meter e JOIN partial c USING (site_id, meter_id)
        WHERE ${during} e.open_hour >= c.from_hour AND e.open_hour < c.to_hour
        UNION ALL
        SELECT ${columns}, e.first_hour, e.amount, e.spread
        FROM ledger.month e JOIN piece c USING (site_id, meter_id)
        WHERE ${during} c.sums_of = 'months' AND e.first_hour >= c.from_hour AND e.first_hour < c.to_hour
        UNION ALL
        SELECT ${columns}, c.from_hour + 24 * (u.i::int - 1), u.amount, coalesce(u.spread, 0)
        FROM ledger.month e JOIN piece c ON c.site_id = e.site_id AND c.meter_id = e.meter_id AND c.month_hour = e.first_hour,
             unnest(e.day_amounts${slice(24)}, e.day_spreads${slice(24)}) WITH ORDINALITY AS u (amount, spread, i)
        WHERE ${during} c.sums_of = 'days'
        UNION ALL
        SELECT ${columns}, c.from_hour + u.i::int - 1, u.amount, coalesce(u.spread, 0)
        FROM ledger.month e JOIN piece c ON c.site_id = e.site_id AND c.meter_id = e.meter_id AND c.month_hour = e.first_hour,
             unnest(e.hour_amounts${slice(1)}, e.hour_spreads${slice(1)}) WITH ORDINALITY AS u (amount, spread, i)
        WHERE ${during} c.sums_of = 'hours'
      ) e
      WHERE e.hour >= ${fromHour}::int
      GROUP BY 1, 2, 3, 4, 5
    ), moved AS (
      SELECT * FROM gained
      ${query.grant === undefined ? sql`UNION ALL SELECT '' COLLATE "C", site_id, resource_id, project_id, start_hour, -amount, -spread FROM gained` : sql``}
    )`;
}

/** The amounts of a month that lie in a piece of it. One amount is for this many hours. */
function slice(hours: number): Sql {
  return sql`[(c.from_hour - e.first_hour) / ${hours}::int + 1 : (c.to_hour - e.first_hour) / ${hours}::int]`;
}

/** Conditions for rows `e` of sums. The keys of few meters are found by index. */
function sumConditions({ ofSite, byKey }: PartialUsage): Sql {
  const atSite = ofSite(sql`e.site_id`);
  if (!byKey) return atSite;
  return sql`${atSite} AND e.site_id = ANY(ARRAY(SELECT DISTINCT site_id FROM partial))
          AND e.meter_id = ANY(ARRAY(SELECT DISTINCT meter_id FROM partial))`;
}

/** The pieces of each link, which is named by its place in the list as in `grantedProjects`. */
export function piecesOfLinks(links: readonly GrantLink[], step: UsageStep, fromHour = -Infinity): Sql {
  const pieces = links.flatMap((link, index) =>
    piecesByMonth(step, link)
      .filter(({ toHour }) => toHour > fromHour)
      .map((piece) => ({ ...piece, link: index + 1 })),
  );
  return sql`
        SELECT * FROM unnest(
          ${numberArray(pieces.map(({ link }) => link))}::int[],
          ${pieces.map(({ sumsOf }) => sumsOf)}::text[],
          ${numberArray(pieces.map(({ monthHour }) => monthHour))}::int[],
          ${numberArray(pieces.map(({ fromHour: from }) => from))}::int[],
          ${numberArray(pieces.map(({ toHour }) => toHour))}::int[]
        ) AS w (link, sums_of, month_hour, from_hour, to_hour)`;
}

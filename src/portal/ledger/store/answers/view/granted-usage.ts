import { sql, type Sql } from '../../../../database/sql.ts';
import { numberArray } from '../../../../database/columns.ts';
import type { GrantLink } from '../../../grant-links.ts';
import type { UsageStep } from '../../../ledger.ts';
import { piecesByMonth } from '../../../steps.ts';

/** The projects of links at the sites of `ofSite` (`View`): ids, the id of the cloud, and the link by its place in the list. */
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

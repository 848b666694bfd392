import { sql, type Sql } from '../../../database/sql.ts';
import type { UsageQuery } from '../../ledger.ts';

/** The projects of a query's grants at the sites of `ofSite` (`siteCondition`): their ids, the id of their cloud, and the name of the grant. */
export function grantedProjects(
  { grant, grants = [] }: Pick<UsageQuery, 'grant' | 'grants'>,
  ofSite: (column: Sql) => Sql,
): Sql {
  const links = grants
    .filter(({ name }) => grant === undefined || name === grant)
    .flatMap(({ name, projects }) => projects.map((project) => ({ name, ...project })));
  return sql`
    SELECT p.site_id, p.cloud_id, p.project_id, w.name
    FROM unnest(
      ${links.map(({ name }) => name)}::text[],
      ${links.map(({ site }) => site)}::text[],
      ${links.map(({ cloud }) => cloud ?? null)}::text[],
      ${links.map(({ projectId }) => projectId)}::text[]) AS w (name, site, cloud, key)
    JOIN ledger.site s ON s.name = w.site
    JOIN ledger.project p ON p.site_id = s.site_id AND p.key = w.key
    JOIN ledger.cloud c ON c.site_id = p.site_id AND c.cloud_id = p.cloud_id
    WHERE (w.cloud IS NULL OR c.name = w.cloud) AND ${ofSite(sql`p.site_id`)}`;
}

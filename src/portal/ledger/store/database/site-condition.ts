import { sql, type Queryable, type Sql } from '../../../database/sql.ts';

/**
 * Returns the condition that a column `site_id` is the site of a question; `true` for a question about all sites. The id is
 * a value: so a database that is distributed by site asks the site's node only.
 */
export async function siteCondition(
  database: Queryable,
  site: string | undefined,
): Promise<(column: Sql) => Sql> {
  if (site === undefined) return () => sql`true`;
  const { rows } = await database.query<{ site_id: number }>(sql`
    SELECT site_id FROM ledger.site WHERE name = ${site}`);
  // No site has the id 0.
  const id = rows[0]?.site_id ?? 0;
  return (column) => sql`${column} = ${id}::int`;
}

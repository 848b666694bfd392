import { counted } from '../../../../runtime/counted.ts';
import { join, raw, sql, type Queryable } from '../../../database/sql.ts';
import type { Orphans } from '../../ledger.ts';

/** The tables whose rows belong to a row of another table of their site, and the columns that name it. */
const PARENTS: readonly [table: string, parent: string, column: string][] = [
  ['project', 'cloud', 'cloud_id'],
  ['project_name', 'project', 'project_id'],
  ['meter', 'project', 'project_id'],
  ['meter', 'resource', 'resource_id'],
  ['meter', 'epoch', 'epoch_id'],
  ['entry', 'meter', 'meter_id'],
  ['day', 'meter', 'meter_id'],
  ['month', 'meter', 'meter_id'],
  ['late_entry', 'meter', 'meter_id'],
  ['anomaly', 'meter', 'meter_id'],
  ['meter_gap', 'meter', 'meter_id'],
  ['cloud_gap', 'cloud', 'cloud_id'],
  ['cloud_day', 'cloud', 'cloud_id'],
  ['cloud_day', 'resource', 'resource_id'],
  ['site_hour', 'cloud', 'cloud_id'],
];

const orphansOf = ([table, parent, column]: (typeof PARENTS)[number]) => sql`
  SELECT site_id, ${table}::text AS "table", ${parent}::text AS parent, count(*)::int AS rows
  FROM ledger.${raw(table)} child
  WHERE NOT EXISTS (
    SELECT FROM ledger.${raw(parent)} p WHERE p.site_id = child.site_id AND p.${raw(column)} = child.${raw(column)})
  GROUP BY site_id`;

export function orphansInWords({ site, table, parent, rows }: Orphans): string {
  return `${site} has ${counted(rows, 'row')} of ledger.${table} without ${parent}`;
}

/** Finds rows whose parent is missing. No foreign key prevents them: PostgreSQL would check each row of a sweep by itself. */
export async function findOrphans(database: Queryable): Promise<Orphans[]> {
  const { rows } = await database.query<Orphans>(sql`
    SELECT coalesce(s.name, concat('site number ', site_id)) AS site, "table", parent, rows
    FROM (${join(PARENTS.map(orphansOf), ' UNION ALL ')}) found LEFT JOIN ledger.site s USING (site_id)
    ORDER BY 1, 2, 3`);
  return rows;
}

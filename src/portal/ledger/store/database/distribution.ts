import { sql, type Queryable } from '../../../database/sql.ts';

/** A statement that creates a table whose rows each belong to one site. */
export const NEW_SITE_TABLE = /^CREATE TABLE ledger\.(\w+) \(\s*site_id\s+integer NOT NULL\b/;

/**
 * Distributes a new table by site if the other tables of the ledger are distributed. `table` is a name from a migration. A
 * migration adds the keys of the table later: Citus refuses keys between a local and a distributed table.
 */
export async function distributeIfOthersAre(trx: Queryable, table: string): Promise<void> {
  if (!(await isDistributed(trx))) return;
  await trx.query(sql`
    SELECT create_distributed_table(${`ledger.${table}`}::text::regclass, 'site_id', colocate_with => 'ledger.site_state')`);
}

/** Whether Citus has distributed the ledger (deploy/citus/distribute.sql). */
export async function isDistributed(trx: Queryable): Promise<boolean> {
  const { rows } = await trx.query<{ there: boolean }>(sql`
    SELECT to_regclass('pg_dist_partition') IS NOT NULL AND to_regclass('ledger.site_state') IS NOT NULL AS there`);
  if (rows[0]?.there !== true) return false;
  const distributed = await trx.query(sql`
    SELECT FROM pg_dist_partition WHERE logicalrelid = 'ledger.site_state'::regclass`);
  return distributed.rows.length > 0;
}

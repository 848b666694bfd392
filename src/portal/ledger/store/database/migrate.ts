import type { Logger } from '../../../../runtime/logger.ts';
import { UserError } from '../../../../runtime/user-error.ts';
import { ADVISORY_KEYS } from '../../../database/advisory-keys.ts';
import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { MIGRATIONS, type Migration } from '../migrations/all.ts';
import { distributeIfOthersAre, NEW_SITE_TABLE } from './distribution.ts';
import { statementsOf } from './statements.ts';

export interface MigrationOptions {
  migrations?: readonly Migration[];
  /** Whether destructive migrations may run on a database with data. */
  allowDestructive?: boolean | undefined;
}

/**
 * Migrates the schema `ledger` to this program's version, in one transaction. Throws `UserError`, and changes nothing, if
 * the schema is newer, or if a destructive migration is needed and not allowed.
 */
export async function migrate(
  database: Database,
  logger: Logger,
  { migrations = MIGRATIONS, allowDestructive = false }: MigrationOptions = {},
): Promise<void> {
  await database.transaction(async (trx) => {
    await lockSchema(trx);
    const applied = await appliedIds(trx);
    const todo = pending(applied, migrations);
    if (applied.length > 0 && !allowDestructive) refuseDestructive(todo);
    for (const migration of todo) {
      await apply(trx, migration);
      logger.info({ migration: migration.id, subject: migration.name }, 'ledger migrated');
    }
  });
}

/** Locks the schema against changes by others until the transaction ends. */
export async function lockSchema(trx: Queryable): Promise<void> {
  await trx.query(sql`SELECT pg_advisory_xact_lock(${ADVISORY_KEYS.schema})`);
}

/** Creates the tables of an empty ledger as of the migration `newest`. */
export async function remakeTables(trx: Queryable, newest: number): Promise<void> {
  await trx.query(sql`DROP SCHEMA ledger CASCADE`);
  await appliedIds(trx);
  for (const migration of MIGRATIONS) if (migration.id <= newest) await apply(trx, migration);
}

/** Applies all missing migrations, even destructive ones: the caller has the ledger's data elsewhere. */
export async function applyMissing(trx: Queryable): Promise<void> {
  for (const migration of pending(await appliedIds(trx), MIGRATIONS)) await apply(trx, migration);
}

/** The missing migrations, in order. Throws `UserError` if the database has an unknown one. */
function pending(applied: readonly number[], migrations: readonly Migration[]): Migration[] {
  const newest = Math.max(0, ...migrations.map(({ id }) => id));
  const unknown = applied.find((id) => id > newest);
  if (unknown !== undefined)
    throw new UserError(
      `the ledger in the database was written by a newer stackmeter (its schema is ${unknown}, this program knows ${newest}): use that version or a newer one`,
    );
  return migrations.filter(({ id }) => !applied.includes(id));
}

function refuseDestructive(migrations: readonly Migration[]): void {
  const first = migrations.find(({ destructive }) => destructive === true);
  if (first === undefined) return;
  throw new UserError(
    `migration ${first.id} of the ledger ('${first.name}') destroys data for ever: back up the ledger, then start once with --unsafe-destructive-migrations; nothing was changed`,
  );
}

async function appliedIds(trx: Queryable): Promise<number[]> {
  const { rows } = await trx.query<{ there: boolean }>(sql`
    SELECT to_regclass('ledger.migration') IS NOT NULL AS there`);
  if (rows[0]?.there !== true) {
    await trx.query(sql`CREATE SCHEMA IF NOT EXISTS ledger`);
    await trx.query(sql`
      CREATE TABLE ledger.migration (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  }
  const applied = await trx.query<{ id: number }>(sql`SELECT id FROM ledger.migration ORDER BY id`);
  return applied.rows.map(({ id }) => id);
}

/** Runs each statement by itself: Citus refuses several at once if one of them changes a distributed table. */
async function apply(trx: Queryable, { id, name, sql: statements }: Migration): Promise<void> {
  for (const statement of statementsOf(statements)) {
    await trx.query(raw(statement));
    const [, table] = NEW_SITE_TABLE.exec(statement) ?? [];
    if (table !== undefined) await distributeIfOthersAre(trx, table);
  }
  await trx.query(sql`INSERT INTO ledger.migration (id, name) VALUES (${id}, ${name})`);
}

import type { Logger } from '../../../../runtime/logger.ts';
import { UserError } from '../../../../runtime/user-error.ts';
import { ADVISORY_KEYS } from '../../../database/advisory-keys.ts';
import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { MIGRATIONS, SCHEMA, type Migration } from '../migrations/all.ts';
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
    const excludesOlder = todo.some((migration) => migration.excludesOlder === true);
    if (applied.length > 0 && excludesOlder) await lockOutWriters(trx);
    for (const migration of todo) {
      await apply(trx, migration);
      logger.info({ migration: migration.id, subject: migration.name }, 'ledger migrated');
    }
    if (excludesOlder) await endLeases(trx, logger);
  });
}

/** Throws `UserError` unless the ledger has the schema of this program. */
export async function requireSchema(database: Queryable): Promise<void> {
  const { rows } = await database.query<{ there: boolean }>(sql`
    SELECT to_regclass('ledger.migration') IS NOT NULL AS there`);
  if (rows[0]?.there !== true) throw new UserError('there is no ledger in the database');
  const applied = await appliedIds(database);
  if (pending(applied, MIGRATIONS).length > 0)
    throw new UserError(
      `the ledger in the database has schema ${Math.max(...applied)}, and this program ${SCHEMA}: use the version of the portal that runs`,
    );
}

/** Waits for the end of folds and packing. Later ones wait for the migration, and then find their leases gone. */
async function lockOutWriters(trx: Queryable): Promise<void> {
  await trx.query(sql`LOCK TABLE ledger.site_state IN ACCESS EXCLUSIVE MODE`);
}

async function endLeases(trx: Queryable, logger: Logger): Promise<void> {
  const { rowCount } = await trx.query(sql`DELETE FROM ledger.portal`);
  if (rowCount)
    logger.warn(
      { portals: rowCount },
      'earlier portals use this ledger: they read no sites any more; stop them, and start this version',
    );
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
  const unknown = Math.max(0, ...applied);
  if (unknown > newest)
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
async function apply(trx: Queryable, migration: Migration): Promise<void> {
  const { id, name, sql: statements, excludesOlder } = migration;
  for (const statement of statementsOf(statements)) {
    await trx.query(raw(statement));
    const [, table] = NEW_SITE_TABLE.exec(statement) ?? [];
    if (table !== undefined) await distributeIfOthersAre(trx, table);
  }
  await trx.query(sql`INSERT INTO ledger.migration (id, name) VALUES (${id}, ${name})`);
  if (excludesOlder === true)
    await trx.query(sql`UPDATE ledger.migration SET excludes_older = true WHERE id = ${id}`);
}

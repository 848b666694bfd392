import type { Pool, PoolClient } from 'pg';
import type { Logger } from '../../../../runtime/logger.ts';
import { UserError } from '../../../../runtime/user-error.ts';
import { MIGRATIONS, type Migration } from '../migrations/all.ts';

/** Key of the advisory lock under which one process at a time migrates; any number that never changes. */
const LOCK_KEY = '7305217602';

export interface MigrationOptions {
  migrations?: readonly Migration[];
  /** Whether migrations that destroy something may run on a database with data in it. */
  allowDestructive?: boolean | undefined;
}

/**
 * Brings the schema `ledger` up to what this program knows, in one transaction. Throws a `UserError` where the schema is
 * newer, or where it would take a destructive migration that was not allowed; then nothing has changed.
 */
export async function migrate(
  pool: Pool,
  logger: Logger,
  { migrations = MIGRATIONS, allowDestructive = false }: MigrationOptions = {},
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await lockSchema(client);
    const applied = await appliedIds(client);
    const todo = pending(applied, migrations);
    if (applied.length > 0 && !allowDestructive) refuseDestructive(todo);
    for (const migration of todo) {
      await apply(client, migration);
      logger.info({ migration: migration.id, subject: migration.name }, 'ledger migrated');
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** Makes the caller the one who may change the schema, up to the end of its transaction. */
export async function lockSchema(client: PoolClient): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
}

/** Makes the tables of a ledger without data as they were when this was the newest migration. */
export async function remakeTables(client: PoolClient, newest: number): Promise<void> {
  await client.query('DROP SCHEMA ledger CASCADE');
  await appliedIds(client);
  for (const migration of MIGRATIONS) if (migration.id <= newest) await apply(client, migration);
}

/** Applies what is missing. Destructive migrations too: the caller keeps elsewhere what the ledger holds. */
export async function applyMissing(client: PoolClient): Promise<void> {
  for (const migration of pending(await appliedIds(client), MIGRATIONS)) await apply(client, migration);
}

/** The migrations that are still to be applied, in order; throws where the database has one that we do not know. */
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
    `migration ${first.id} of the ledger ('${first.name}') destroys what cannot be brought back: back the ledger up, then start once with --unsafe-destructive-migrations; nothing was changed`,
  );
}

async function appliedIds(client: PoolClient): Promise<number[]> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('ledger.migration') IS NOT NULL AS there`,
  );
  if (rows[0]?.there !== true) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ledger`);
    await client.query(
      'CREATE TABLE ledger.migration (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
  }
  const applied = await client.query<{ id: number }>('SELECT id FROM ledger.migration ORDER BY id');
  return applied.rows.map(({ id }) => id);
}

async function apply(client: PoolClient, { id, name, sql }: Migration): Promise<void> {
  await client.query(sql);
  await client.query('INSERT INTO ledger.migration (id, name) VALUES ($1, $2)', [id, name]);
}

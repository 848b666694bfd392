import type { Pool, PoolClient } from 'pg';
import type { Logger } from '../../../../runtime/logger.ts';
import { describeError, UserError } from '../../../../runtime/user-error.ts';
import { SCHEMA } from './export-lines.ts';
import { applyMissing, lockSchema, remakeTables } from '../database/migrate.ts';
import { brokenImport, readExport } from './read-export.ts';

/**
 * Brings an exported ledger into an empty one, whole or not at all, and up to date where an older version exported it.
 * Returns the number of rows; throws a `UserError` where there is a ledger already, or the lines are not a whole export.
 */
export async function importLedger(
  pool: Pool,
  lines: AsyncIterable<string>,
  logger: Logger,
): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await lockSchema(client);
    await refuseFilled(client);
    const { rowCount, hasChecksum } = await takeParts(client, lines);
    await applyMissing(client);
    await client.query(
      `SELECT setval(pg_get_serial_sequence('ledger.site', 'site_id'), greatest(1, max(site_id)), count(*) > 0) FROM ledger.site`,
    );
    await client.query('COMMIT');
    if (!hasChecksum)
      logger.warn(
        {},
        'the import has no checksum, as an earlier version wrote it: damage to it may not show',
      );
    return rowCount;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function refuseFilled(client: PoolClient): Promise<void> {
  await client.query('LOCK TABLE ledger.site IN EXCLUSIVE MODE');
  const { rowCount } = await client.query('SELECT FROM ledger.site LIMIT 1');
  if (rowCount !== 0)
    throw new UserError('the ledger is not empty: import into a new one, with --data or DATABASE_URL');
}

async function takeParts(client: PoolClient, lines: AsyncIterable<string>) {
  let end = { rowCount: 0, hasChecksum: false };
  for await (const part of readExport(lines)) {
    if ('schema' in part) await makeTablesOf(client, part.schema);
    else if ('table' in part) await insert(client, part);
    else end = part;
  }
  return end;
}

async function makeTablesOf(client: PoolClient, schema: number): Promise<void> {
  if (schema > SCHEMA)
    throw new UserError(
      `the export is of schema ${schema}, and this stackmeter knows ${SCHEMA}: import it with the version that exported it, or a newer one`,
    );
  if (schema === SCHEMA) return;
  try {
    await remakeTables(client, schema);
  } catch (cause) {
    throw brokenImport(1, `tables of schema ${schema} cannot be made: ${describeError(cause)}`);
  }
}

async function insert(
  client: PoolClient,
  { table, rows, line }: { table: string; rows: readonly string[]; line: number },
): Promise<void> {
  try {
    const columns = await columnsOf(client, table);
    await client.query(
      `INSERT INTO ledger.${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::ledger.${table}, $1::jsonb)`,
      [`[${rows.join(',')}]`],
    );
  } catch (cause) {
    throw brokenImport(line, `rows of ${table} are not taken: ${describeError(cause)}`);
  }
}

/** Those that are not made of others. */
async function columnsOf(client: PoolClient, table: string): Promise<string> {
  const { rows } = await client.query<{ columns: string }>(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    [`ledger.${table}`],
  );
  return rows[0]?.columns ?? '';
}

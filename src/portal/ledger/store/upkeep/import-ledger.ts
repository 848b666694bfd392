import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable, type Sql } from '../../../database/sql.ts';
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
  database: Database,
  lines: AsyncIterable<string>,
  logger: Logger,
): Promise<number> {
  const { rowCount, hasChecksum } = await database.transaction(async (trx) => {
    await lockSchema(trx);
    await refuseFilled(trx);
    const end = await takeParts(trx, lines);
    await applyMissing(trx);
    await trx.query(sql`
      SELECT setval(pg_get_serial_sequence('ledger.site', 'site_id'), greatest(1, max(site_id)), count(*) > 0) FROM ledger.site`);
    return end;
  });
  if (!hasChecksum)
    logger.warn({}, 'the import has no checksum, as an earlier version wrote it: damage to it may not show');
  return rowCount;
}

async function refuseFilled(trx: Queryable): Promise<void> {
  await trx.query(sql`LOCK TABLE ledger.site IN EXCLUSIVE MODE`);
  const { rowCount } = await trx.query(sql`SELECT FROM ledger.site LIMIT 1`);
  if (rowCount !== 0)
    throw new UserError('the ledger is not empty: import into a new one, with --data or DATABASE_URL');
}

async function takeParts(trx: Queryable, lines: AsyncIterable<string>) {
  let end = { rowCount: 0, hasChecksum: false };
  for await (const part of readExport(lines)) {
    if ('schema' in part) await makeTablesOf(trx, part.schema);
    else if ('table' in part) await insert(trx, part);
    else end = part;
  }
  return end;
}

async function makeTablesOf(trx: Queryable, schema: number): Promise<void> {
  if (schema > SCHEMA)
    throw new UserError(
      `the export is of schema ${schema}, and this stackmeter knows ${SCHEMA}: import it with the version that exported it, or a newer one`,
    );
  if (schema === SCHEMA) return;
  try {
    await remakeTables(trx, schema);
  } catch (cause) {
    throw brokenImport(1, `tables of schema ${schema} cannot be made: ${describeError(cause)}`);
  }
}

async function insert(
  trx: Queryable,
  { table, rows, line }: { table: string; rows: readonly string[]; line: number },
): Promise<void> {
  try {
    const columns = await columnsOf(trx, table);
    const into = raw(`ledger.${table}`);
    await trx.query(sql`
      INSERT INTO ${into} (${columns})
      SELECT ${columns} FROM jsonb_populate_recordset(NULL::${into}, ${`[${rows.join(',')}]`}::jsonb)`);
  } catch (cause) {
    throw brokenImport(line, `rows of ${table} are not taken: ${describeError(cause)}`);
  }
}

/** Those that are not made of others. */
async function columnsOf(trx: Queryable, table: string): Promise<Sql> {
  const { rows } = await trx.query<{ columns: string }>(sql`
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = ${`ledger.${table}`}::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`);
  return raw(rows[0]?.columns ?? '');
}

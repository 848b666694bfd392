import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import type { Logger } from '../../../../runtime/logger.ts';
import { describeError, UserError } from '../../../../runtime/user-error.ts';
import { SCHEMA } from './export-lines.ts';
import { applyMissing, lockSchema, remakeTables } from '../database/migrate.ts';
import { brokenImport, readExport } from './read-export.ts';

/**
 * Imports an exported ledger into an empty one, in one transaction, and migrates an export of an older version. Returns
 * the number of rows. Throws `UserError` if the ledger is not empty, or if the lines are not a complete export.
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
    await trx.query(sql`
      SELECT setval(pg_get_serial_sequence('ledger.account_change', 'change_id'), greatest(1, max(change_id)), count(*) > 0)
      FROM ledger.account_change`);
    return end;
  });
  if (!hasChecksum)
    logger.warn(
      {},
      'the import has no checksum, because an earlier version wrote it: damage may go unnoticed',
    );
  return rowCount;
}

async function refuseFilled(trx: Queryable): Promise<void> {
  await trx.query(sql`LOCK TABLE ledger.site, ledger.account_change IN EXCLUSIVE MODE`);
  const { rows } = await trx.query<{ filled: boolean }>(sql`
    SELECT EXISTS (SELECT FROM ledger.site) OR EXISTS (SELECT FROM ledger.account_change) AS filled`);
  if (rows[0]?.filled === true)
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
      `the export has schema ${schema}, and this stackmeter knows ${SCHEMA}: import it with the version that exported it, or a newer one`,
    );
  if (schema === SCHEMA) return;
  try {
    await remakeTables(trx, schema);
  } catch (cause) {
    throw brokenImport(1, `cannot create the tables of schema ${schema}: ${describeError(cause)}`);
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
    throw brokenImport(line, `the database refuses rows of ${table}: ${describeError(cause)}`);
  }
}

/** The columns of a table without the generated ones. */
async function columnsOf(trx: Queryable, table: string): Promise<Sql> {
  const { rows } = await trx.query<{ columns: string }>(sql`
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = ${`ledger.${table}`}::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`);
  return raw(rows[0]?.columns ?? '');
}

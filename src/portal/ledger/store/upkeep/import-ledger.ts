import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import type { Logger } from '../../../../runtime/logger.ts';
import { describeError, UserError } from '../../../../runtime/user-error.ts';
import { SCHEMA } from '../migrations/all.ts';
import type { ExportContent } from '../../storage-policy.ts';
import { qualified, type TableName } from './export-lines.ts';
import { applyMissing, lockSchema, remakeTables } from '../database/migrate.ts';
import { findOrphans, orphansInWords } from './orphans.ts';
import { brokenImport, readExport } from './read-export.ts';

/**
 * Imports an exported ledger into an empty one, in one transaction, and migrates an export of an older version. Returns
 * the number of rows. Throws `UserError` if the ledger is not empty, or if the lines are not a complete export.
 */
export async function importLedger(
  database: Database,
  lines: AsyncIterable<string>,
  logger: Logger,
  content: ExportContent,
): Promise<number> {
  const { rowCount, hasChecksum } = await database.transaction(async (trx) => {
    await lockSchema(trx);
    await refuseFilled(trx, content);
    const end = await takeParts(trx, lines);
    await applyMissing(trx);
    await refuseOrphans(trx);
    await setSequences(trx);
    return end;
  });
  if (!hasChecksum)
    logger.warn(
      {},
      'the import has no checksum, because an earlier version wrote it: damage may go unnoticed',
    );
  return rowCount;
}

/** An edited export may lack rows that others belong to. */
async function refuseOrphans(trx: Queryable): Promise<void> {
  const [first] = await findOrphans(trx);
  if (first !== undefined)
    throw new UserError(`the export is not whole: ${orphansInWords(first)}; nothing was imported`);
}

/** Where each identity column goes on. */
async function setSequences(trx: Queryable): Promise<void> {
  const { rows } = await trx.query<{ owner: string; name: string }>(sql`
    SELECT attrelid::regclass::text AS owner, attname AS name FROM pg_attribute
    WHERE attidentity <> '' AND attrelid IN (
      SELECT oid FROM pg_class WHERE relnamespace IN ('ledger'::regnamespace, 'remote_write'::regnamespace))`);
  for (const { owner, name } of rows)
    await trx.query(sql`
      SELECT setval(pg_get_serial_sequence(${owner}, ${name}), greatest(1, max(${raw(name)})), count(*) > 0) FROM ${raw(owner)}`);
}

/** A portal that has only started may have made a token, which an import into it leaves as it is. */
async function refuseFilled(trx: Queryable, content: ExportContent): Promise<void> {
  await trx.query(sql`LOCK TABLE ledger.site, ledger.account_change IN EXCLUSIVE MODE`);
  const { rows } = await trx.query<{ filled: boolean }>(sql`
    SELECT EXISTS (SELECT FROM ledger.site) OR EXISTS (SELECT FROM ledger.account_change)
        OR (${content === 'backup'} AND EXISTS (SELECT FROM ledger.api_token)) AS filled`);
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
  { table, rows, line }: { table: TableName; rows: readonly string[]; line: number },
): Promise<void> {
  try {
    const columns = await columnsOf(trx, table);
    const into = raw(qualified(table));
    await trx.query(sql`
      INSERT INTO ${into} (${columns}) OVERRIDING SYSTEM VALUE
      SELECT ${columns} FROM jsonb_populate_recordset(NULL::${into}, ${`[${rows.join(',')}]`}::jsonb)`);
  } catch (cause) {
    throw brokenImport(line, `the database refuses rows of ${table}: ${describeError(cause)}`);
  }
}

/** The columns of a table without the generated ones. */
async function columnsOf(trx: Queryable, table: TableName): Promise<Sql> {
  const { rows } = await trx.query<{ columns: string }>(sql`
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = ${qualified(table)}::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`);
  return raw(rows[0]?.columns ?? '');
}

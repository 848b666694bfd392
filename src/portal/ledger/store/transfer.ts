import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import { MIGRATIONS } from './migrations/all.ts';

/**
 * A ledger as lines of JSON, for backups and moves: first `{"format":"stackmeter-ledger","schema":N}`; then for each
 * table `{"table":"NAME"}` and a line for each row, an object of its columns, with whole numbers of any size; last
 * `{"end":true,"rows":N}`, which a transfer that broke off lacks. Rows are passed on as text, never as doubles.
 */
const FORMAT = 'stackmeter-ledger';

/** In an order in which each refers to those before it alone. */
const TABLES = [
  'site',
  'site_state',
  'cloud',
  'project',
  'project_name',
  'resource',
  'epoch',
  'meter',
  'entry',
  'month',
  'site_hour',
  'cloud_gap',
  'meter_gap',
  'late_entry',
  'anomaly',
  'refusal',
] as const;

const ROWS_AT_ONCE = 2_000;

const schemaNumber = Math.max(...MIGRATIONS.map(({ id }) => id));

/** The lines of a whole ledger, each with its end of line, as it was at one instant. */
export async function* exportLedger(pool: Pool): AsyncGenerator<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    yield `${JSON.stringify({ format: FORMAT, schema: schemaNumber })}\n`;
    let rows = 0;
    for (const table of TABLES) {
      yield `${JSON.stringify({ table })}\n`;
      for await (const lines of rowsOf(client, table)) {
        rows += lines.length;
        yield `${lines.join('\n')}\n`;
      }
    }
    yield `${JSON.stringify({ end: true, rows })}\n`;
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

async function* rowsOf(client: PoolClient, table: string): AsyncGenerator<string[]> {
  await client.query(
    `DECLARE rows NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS line FROM ledger.${table} t`,
  );
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${ROWS_AT_ONCE} FROM rows`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await client.query('CLOSE rows');
}

const headerLine = z.object({ format: z.literal(FORMAT), schema: z.int() });
const tableLine = z.object({ table: z.enum(TABLES) });
const endLine = z.object({ end: z.literal(true), rows: z.int() });

/**
 * Brings an exported ledger into an empty one, whole or not at all. Returns the number of rows; throws a `UserError`
 * where there is a ledger already, or the lines are not a whole export of this version.
 */
export async function importLedger(pool: Pool, lines: AsyncIterable<string>): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await refuseFilled(client);
    const rows = await takeLines(client, lines);
    await client.query(
      `SELECT setval(pg_get_serial_sequence('ledger.site', 'site_id'), greatest(1, max(site_id)), count(*) > 0) FROM ledger.site`,
    );
    await client.query('COMMIT');
    return rows;
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

async function takeLines(client: PoolClient, lines: AsyncIterable<string>): Promise<number> {
  let number = 0;
  let table: string | undefined;
  let batch: string[] = [];
  let rows = 0;
  let ended = false;
  const flush = async () => {
    if (batch.length > 0) await insert(client, table ?? '', batch, number);
    rows += batch.length;
    batch = [];
  };
  for await (const line of lines) {
    number += 1;
    if (ended) throw broken(number, 'there is more after the end');
    if (number === 1) checkHeader(line);
    else if (line.startsWith('{"table":')) {
      await flush();
      table = read(tableLine, line, number).table;
    } else if (line.startsWith('{"end":')) {
      await flush();
      if (read(endLine, line, number).rows !== rows) throw broken(number, 'rows are missing');
      ended = true;
    } else if (table === undefined) throw broken(number, 'a row comes before its table');
    else batch.push(line);
    if (batch.length >= ROWS_AT_ONCE) await flush();
  }
  if (!ended) throw broken(number, 'the end is missing, so it is not whole');
  return rows;
}

async function insert(
  client: PoolClient,
  table: string,
  batch: readonly string[],
  line: number,
): Promise<void> {
  try {
    const columns = await columnsOf(client, table);
    await client.query(
      `INSERT INTO ledger.${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::ledger.${table}, $1::jsonb)`,
      [`[${batch.join(',')}]`],
    );
  } catch (cause) {
    throw broken(line, `rows of ${table} are not taken: ${describeError(cause)}`);
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

function checkHeader(line: string): void {
  const { schema } = read(headerLine, line, 1);
  if (schema !== schemaNumber)
    throw new UserError(
      `the export is of schema ${schema}, and this stackmeter has ${schemaNumber}: import it with the version that exported it, which a newer one then brings up to date`,
    );
}

function read<T>(schema: z.ZodType<T>, line: string, number: number): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw broken(number, 'it is not what an export has there');
  }
}

function broken(line: number, reason: string): UserError {
  return new UserError(`line ${line} of the import: ${reason}; nothing was imported`);
}

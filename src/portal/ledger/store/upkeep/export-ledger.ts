import { createHash } from 'node:crypto';
import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { SCHEMA } from '../migrations/all.ts';
import type { ExportContent } from '../../storage-policy.ts';
import { FORMAT, qualified, ROWS_AT_ONCE, TABLES, TABLES_OF_BACKUP, type TableName } from './export-lines.ts';

/** The lines of the whole ledger at one instant, each with its line end. */
export async function* exportLedger(database: Database, content: ExportContent): AsyncGenerator<string> {
  const tables = content === 'export' ? TABLES : [...TABLES, ...TABLES_OF_BACKUP];
  const hash = createHash('sha256');
  let rows = 0;
  for await (const piece of database.snapshot((trx) => piecesOf(trx, tables))) {
    hash.update(piece.text);
    rows += piece.rows;
    yield piece.text;
  }
  yield `${JSON.stringify({ end: true, rows, sha256: hash.digest('hex') })}\n`;
}

async function* piecesOf(
  trx: Queryable,
  tables: readonly TableName[],
): AsyncGenerator<{ text: string; rows: number }> {
  yield { text: `${JSON.stringify({ format: FORMAT, schema: SCHEMA })}\n`, rows: 0 };
  for (const table of tables) {
    yield { text: `${JSON.stringify({ table })}\n`, rows: 0 };
    for await (const lines of rowsOf(trx, table)) yield { text: `${lines.join('\n')}\n`, rows: lines.length };
  }
}

/** A month has up to 30 kB of hours, and a request of a sender up to some megabytes. */
const ROWS_AT_ONCE_OF: Partial<Record<TableName, number>> = {
  month: 100,
  'remote_write.inbox': 1,
  'remote_write.set_aside': 1,
};

async function* rowsOf(trx: Queryable, table: TableName): AsyncGenerator<string[]> {
  await trx.query(sql`
    DECLARE rows NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS line FROM ${raw(qualified(table))} t`);
  const rowsAtOnce = ROWS_AT_ONCE_OF[table] ?? ROWS_AT_ONCE;
  for (;;) {
    const { rows } = await trx.query<{ line: string }>(sql`FETCH ${raw(String(rowsAtOnce))} FROM rows`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await trx.query(sql`CLOSE rows`);
}

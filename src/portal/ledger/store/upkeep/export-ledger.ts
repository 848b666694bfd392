import { createHash } from 'node:crypto';
import type { Database } from '../../../database/database.ts';
import { raw, sql, type Queryable } from '../../../database/sql.ts';
import { FORMAT, ROWS_AT_ONCE, SCHEMA, TABLES } from './export-lines.ts';

/** The lines of the whole ledger at one instant, each with its line end. */
export async function* exportLedger(database: Database): AsyncGenerator<string> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const piece of database.snapshot(piecesOf)) {
    hash.update(piece.text);
    rows += piece.rows;
    yield piece.text;
  }
  yield `${JSON.stringify({ end: true, rows, sha256: hash.digest('hex') })}\n`;
}

async function* piecesOf(trx: Queryable): AsyncGenerator<{ text: string; rows: number }> {
  yield { text: `${JSON.stringify({ format: FORMAT, schema: SCHEMA })}\n`, rows: 0 };
  for (const table of TABLES) {
    yield { text: `${JSON.stringify({ table })}\n`, rows: 0 };
    for await (const lines of rowsOf(trx, table)) yield { text: `${lines.join('\n')}\n`, rows: lines.length };
  }
}

async function* rowsOf(trx: Queryable, table: string): AsyncGenerator<string[]> {
  await trx.query(sql`
    DECLARE rows NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS line FROM ledger.${raw(table)} t`);
  for (;;) {
    const { rows } = await trx.query<{ line: string }>(sql`FETCH ${raw(String(ROWS_AT_ONCE))} FROM rows`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await trx.query(sql`CLOSE rows`);
}

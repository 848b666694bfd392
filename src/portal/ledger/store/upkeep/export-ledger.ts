import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { FORMAT, ROWS_AT_ONCE, SCHEMA, TABLES } from './export-lines.ts';

/** The lines of a whole ledger, each with its end of line, as it was at one instant. */
export async function* exportLedger(pool: Pool): AsyncGenerator<string> {
  const client = await pool.connect();
  const hash = createHash('sha256');
  let rows = 0;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for await (const piece of piecesOf(client)) {
      hash.update(piece.text);
      rows += piece.rows;
      yield piece.text;
    }
    yield `${JSON.stringify({ end: true, rows, sha256: hash.digest('hex') })}\n`;
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

async function* piecesOf(client: PoolClient): AsyncGenerator<{ text: string; rows: number }> {
  yield { text: `${JSON.stringify({ format: FORMAT, schema: SCHEMA })}\n`, rows: 0 };
  for (const table of TABLES) {
    yield { text: `${JSON.stringify({ table })}\n`, rows: 0 };
    for await (const lines of rowsOf(client, table))
      yield { text: `${lines.join('\n')}\n`, rows: lines.length };
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

import { sql } from './sql.ts';
import { myTurn } from '../../runtime/in-turns.ts';

/**
 * Thousands of rows travel as a few texts, a column each: the driver would make an object of every row, and parse or
 * quote every value by itself. These are PostgreSQL array literals of numbers, without NULL.
 */

/**
 * Ends a lateral query of the few rows that belong to one row of a list: they are looked up by their index, one by one. Left to
 * itself, PostgreSQL reads all rows of the site for each part of a sweep, as if every row that an index finds were on disk.
 */
export const BY_INDEX = sql`OFFSET 0`;

/** An array literal; `unnest(…::bigint[])` makes rows of it. */
export function numberArray(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`;
}

/** Rows in one statement: to make its texts takes some milliseconds, and an ordinary part of a sweep is one statement. */
const ROWS_PER_STATEMENT = 4000;

/** Gives `write` the rows of one statement at a time. Other work goes on between two steps of rows that come in steps. */
export async function inBatches<Row>(
  rows: Iterable<Row | void>,
  write: (batch: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  let batch: Row[] = [];
  for (const row of rows) {
    if (row === undefined) {
      await myTurn();
      continue;
    }
    batch.push(row);
    if (batch.length < ROWS_PER_STATEMENT) continue;
    await write(batch);
    batch = [];
  }
  if (batch.length > 0) await write(batch);
}

/** The values of an array literal, as `array_agg(…)::text` makes it: NULL where there are no rows. */
export function valuesOfArray(literal: string | null): string[] {
  return literal === null ? [] : literal.slice(1, -1).split(',');
}

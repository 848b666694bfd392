import { prepared, sql, type Sql, type Statement, type Transaction } from './sql.ts';
import { myTurn } from '../../runtime/in-turns.ts';

/**
 * Thousands of rows travel as a few texts, one for each column. Otherwise the driver would create an object for every row,
 * and parse or quote every value. The texts are PostgreSQL array literals of numbers, without NULL.
 */

/**
 * Ends a lateral query for the few rows that belong to one row of a list. It makes PostgreSQL look them up by index, one by
 * one. Without it, PostgreSQL reads all rows of the site for each part of a sweep, because it overestimates the cost of an
 * index.
 */
export const BY_INDEX = sql`OFFSET 0`;

/** The tag of a statement that looks up each item of a list. For a long list a plan of its own is worth its time. */
export function tagForList(items: number): (texts: readonly string[], ...parts: unknown[]) => Statement {
  return items > LONG_LIST ? sql : prepared;
}

const LONG_LIST = 200;

/** The rows of a question as one JSON array. Numbers up to 2^53 are exact in it. */
export function listOf(question: Sql): Sql {
  return sql`(SELECT coalesce(json_agg(r), '[]') FROM (${question}) r)`;
}

/** An array literal for `unnest(…::bigint[])`. */
export function numberArray(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`;
}

/** Rows in one statement: its texts take some milliseconds, and an ordinary part of a sweep is one statement. */
const ROWS_PER_STATEMENT = 4000;

/** Passes the rows of one statement at a time to `write`. Lets other work run at each `undefined` among the rows. */
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

/** Runs a statement for one batch of rows after the other. Does not wait for the last one. */
export async function writeInBatches<Row>(
  trx: Transaction,
  rows: Iterable<Row | void>,
  statement: (batch: readonly Row[]) => Statement,
): Promise<void> {
  await inBatches(rows, async (batch) => {
    if (batch.length < ROWS_PER_STATEMENT) trx.send(statement(batch));
    else await trx.query(statement(batch));
  });
}

/** The values of an array literal from `array_agg(…)::text`, which is NULL without rows. */
export function valuesOfArray(literal: string | null): string[] {
  return literal === null ? [] : literal.slice(1, -1).split(',');
}

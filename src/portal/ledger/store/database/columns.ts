import { sql } from 'kysely';

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

/** The values of an array literal, as `array_agg(…)::text` makes it: NULL where there are no rows. */
export function valuesOfArray(literal: string | null): string[] {
  return literal === null ? [] : literal.slice(1, -1).split(',');
}

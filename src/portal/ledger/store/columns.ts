/**
 * Thousands of rows travel as a few texts, a column each: the driver would make an object of every row, and parse or
 * quote every value by itself. These are PostgreSQL array literals of numbers, without NULL.
 */

/** An array literal; `unnest(…::bigint[])` makes rows of it. */
export function numberArray(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`;
}

/** The values of an array literal, as `array_agg(…)::text` makes it: NULL where there are no rows. */
export function valuesOfArray(literal: string | null): string[] {
  return literal === null ? [] : literal.slice(1, -1).split(',');
}

/** A PostgreSQL array literal of numbers; much quicker than to let the driver quote each. */
export function numberArray(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`;
}

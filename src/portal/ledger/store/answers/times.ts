/** ISO 8601, UTC, of Unix milliseconds as the database gives them. */
export function isoOf(ms: string | number): string {
  return new Date(Number(ms)).toISOString();
}

export function isoOrNull(ms: string | null): string | null {
  return ms === null ? null : isoOf(ms);
}

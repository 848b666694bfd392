const HOUR_MS = 3_600_000;

/** The starts of whole hours after `fromMs` up to `toMs`, in order. All times are Unix milliseconds. */
export function wholeHoursBetween(fromMs: number, toMs: number): number[] {
  const first = (Math.floor(fromMs / HOUR_MS) + 1) * HOUR_MS;
  const count = Math.max(0, Math.floor((toMs - first) / HOUR_MS) + 1);
  return Array.from({ length: count }, (_, index) => first + index * HOUR_MS);
}

export function startOfHour(instantMs: number): number {
  return Math.floor(instantMs / HOUR_MS) * HOUR_MS;
}

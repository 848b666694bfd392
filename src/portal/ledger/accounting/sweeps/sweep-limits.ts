/** How much a site may send, and how far its claims may go, before they are refused (rule A10). */
export interface SweepLimits {
  /** Clocks differ: a reading may lie this far ahead of the portal's clock. */
  futureToleranceMs: number;
  /** Older than this a reading is no news, but a mistake (such as a time of zero). */
  pastToleranceMs: number;
  /** Usage series in a sweep. */
  maxSeries: number;
  /** Bytes of memory that they take, about. */
  maxBytes: number;
  /** Largest total, amount × hours. */
  maxTotalHours: number;
}

export const DEFAULT_SWEEP_LIMITS: SweepLimits = {
  futureToleranceMs: 5 * 60_000,
  pastToleranceMs: 366 * 86_400_000,
  maxSeries: 1_000_000,
  maxBytes: 192 * 1_048_576,
  maxTotalHours: 1e15,
};

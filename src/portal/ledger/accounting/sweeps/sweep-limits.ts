/** The limits beyond which a site's series are refused (rule A10). */
export interface SweepLimits {
  /** A reading may be this far ahead of the portal's clock, because clocks differ. */
  futureToleranceMs: number;
  /** A reading that is older than this is a mistake, such as a time of zero. */
  pastToleranceMs: number;
  /** The largest number of usage series in a sweep. */
  maxSeries: number;
  /** The largest memory of these series in bytes, estimated. */
  maxBytes: number;
  /** The largest total, amount × hours. */
  maxTotalHours: number;
}

export const DEFAULT_SWEEP_LIMITS: SweepLimits = {
  futureToleranceMs: 5 * 60_000,
  pastToleranceMs: 366 * 86_400_000,
  maxSeries: 1_000_000,
  maxBytes: 192 * 1_048_576,
  maxTotalHours: 1e15,
};

import type { PeriodQuestion, UsageStep } from './question.ts';

export type Coverage = 'measured' | 'spread' | 'missing';

/** A question about how well the readings of sites cover each step: of clouds that have the projects, while they have one. */
export interface CoverageQuery extends PeriodQuestion {
  /** Undefined means the hour. */
  step?: UsageStep | undefined;
  /** Gives each site, or each cloud, rows of its own. Undefined means both. */
  by?: ReadonlySet<'site' | 'cloud'> | undefined;
}

export interface StepCoverage {
  site?: string;
  cloud?: string;
  startMs: number;
  coverage: Coverage;
  /**
   * The sums over all clouds: `measuredMs` lies in ordinary pauses between readings, `spreadMs` in gaps. No reading
   * reaches the rest of the step.
   */
  measuredMs: number;
  spreadMs: number;
  /** Whether any reading is later than the start of the step. The present hour counts as measured until one is due. */
  reached: boolean;
}

/** The coverage of a time at a site, in shares from 0 to 1: over all its clouds, each from its first reading on. */
export interface CoverageShares {
  site: string;
  measured: number;
  spread: number;
  missing: number;
}

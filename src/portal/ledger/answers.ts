import type { CoverageQuery, StepCoverage } from './shapes/coverage.ts';
import type { Project, ProjectQuery } from './shapes/project.ts';
import type {
  HourAnomaly,
  HourCorrection,
  MeterRecordQuery,
  SiteRecordQuery,
  SiteRefusal,
  SiteSweepRun,
} from './shapes/quality.ts';
import type { Page, ScopedQuestion } from './shapes/question.ts';
import type { SiteStatus } from './shapes/site.ts';
import type { ProjectUsage, ProjectUsageQuery, StepUsage, UsageQuery } from './shapes/usage.ts';

/**
 * The answers of the ledger to questions of the API. They only read. Questions end when `gone` is aborted. They throw
 * `RefusedQuestionError`, whose `kind` says why.
 */
export interface Answers {
  sites(question: ScopedQuestion, gone?: AbortSignal): Promise<SiteStatus[]>;
  projects(query: ProjectQuery, gone?: AbortSignal): Promise<Page<Project>>;
  usage(query: UsageQuery, gone?: AbortSignal): Promise<Page<StepUsage>>;
  /** All projects that the question sees, in any order, as of one instant. */
  projectUsages(query: ProjectUsageQuery, gone?: AbortSignal): Promise<ProjectUsage[]>;
  /**
   * All rows that `usage` returns page by page, as of one instant, in batches. The query's limit and cursor are ignored.
   * Only a few large answers run at the same time, and other large ones wait. Small answers do not wait for them.
   */
  allUsage(query: UsageQuery, gone?: AbortSignal): AsyncIterable<StepUsage[]>;
  /** Every step of every cloud from its first reading on, up to the present hour. */
  coverage(query: CoverageQuery, gone?: AbortSignal): Promise<Page<StepCoverage>>;
  /** What later readings changed in hours, the latest hours first. */
  corrections(query: MeterRecordQuery, gone?: AbortSignal): Promise<Page<HourCorrection>>;
  /** The anomalies of the sites that one sees as a whole, the latest hours first. */
  anomalies(query: MeterRecordQuery, gone?: AbortSignal): Promise<Page<HourAnomaly>>;
  /** The refused series of the sites that one sees as a whole. */
  refusals(query: SiteRecordQuery, gone?: AbortSignal): Promise<Page<SiteRefusal>>;
  /** How the sweeps of the sites that one sees as a whole ended, the latest first. */
  sweeps(query: SiteRecordQuery, gone?: AbortSignal): Promise<Page<SiteSweepRun>>;
}

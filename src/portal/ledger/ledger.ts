/** The ledger for the other parts of the portal. Sweeps carry amount × ms as bigint; answers amount × hours as number. */
import type { Scope } from '../access/rights/scope.ts';
import type { PartOfServerKind, ServerKind } from './server-kind.ts';
import type { MaintenanceOutcome, StoragePolicy } from './storage-policy.ts';

/** The total of one meter at an instant, as the site states it. */
export interface Reading {
  /** The label `cloud` of a site with several clouds; '' without the label. */
  cloud: string;
  projectId: string;
  projectName: string;
  domainId: string;
  domainName: string;
  resource: string;
  /** The servers whose hours these are. Undefined for all other resources. */
  servers?: ServerKind;
  /** Running total, amount × milliseconds. */
  total: bigint;
  /** The instant up to which the total counts (rule A0), Unix milliseconds. */
  atMs: number;
  /** The identity of the running totals; '' if the exporter states none. */
  epoch: string;
}

/** The number of refused series in a sweep that share a reason (rule A10). */
export interface Refusal {
  reason: string;
  count: number;
  /** One of the series, cut to a printable length. */
  example: string;
}

/** All that a site delivered at one instant. */
export interface Sweep {
  receivedAtMs: number;
  readings: readonly Reading[];
  refusals: readonly Refusal[];
}

/** A portal's settings of a site, for all portals on the database. An undefined field keeps the value in the database. */
export interface SiteDeclaration {
  name: string;
  labels?: Readonly<Record<string, string>> | undefined;
  /** The time between two sweeps; null for the default. */
  intervalMs?: number | null | undefined;
  /** The largest number of projects that the ledger keeps of the site; null for the default. */
  maxProjects?: number | null | undefined;
  /** The clouds of the site; null for the clouds that its exporters and readings name. */
  clouds?: readonly string[] | null | undefined;
  /** Clouds of the site that deliver nothing any more: no hour after their last reading is missing. */
  retiredClouds?: readonly string[] | undefined;
}

/** The lease that a portal needs to fold. `holder` is the portal's name. */
export interface Lease {
  name: string;
  holder: string;
}

export interface FoldOutcome {
  /** Readings that moved a meter forward. */
  folded: number;
  /** Readings that were not newer than the last one of their meter (rule A1). */
  ignored: number;
  anomalies: number;
  /** Series for which the ledger had no room. Refusals of the sweep itself are not repeated (rule A10). */
  refusals?: readonly Refusal[];
}

/** A time between two readings of a cloud that is longer than an ordinary pause. The ledger knows only its total usage. */
export interface Gap {
  cloud: string;
  /** The times of the readings at both ends, Unix milliseconds. */
  fromMs: number;
  toMs: number;
}

/** The outcome of folding late readings. */
export interface LateOutcome {
  /** Spread intervals of meters that measured usage has replaced. */
  replaced: number;
  /** Readings outside gaps that moved a meter forward, or that were the first of their meter. */
  folded: number;
  /** Readings with nothing new. */
  ignored: number;
}

export type Coverage = 'measured' | 'spread' | 'missing';
export type UsageStep = 'hour' | 'day' | 'month' | 'total';
export type UsageDimension = 'grant' | 'site' | 'cloud' | 'project' | 'resource' | 'flavor' | 'state';

/** Projects of several sites or clouds that the portal counts as one. */
export interface Grant {
  name: string;
  projects: readonly GrantProject[];
}

export interface GrantProject {
  site: string;
  projectId: string;
  /** Undefined means every cloud of the site. */
  cloud?: string | undefined;
  /** When the project's usage counts for the grant: whole hours, Unix milliseconds; undefined means no limit. */
  fromMs?: number | undefined;
  /** Exclusive. */
  toMs?: number | undefined;
}

/** What somebody may ask about (P2). What lies outside does not exist for the answer. */
export interface ScopedQuestion {
  scope: Scope;
  /**
   * The present grants that the scope or the question names, and all of them for a question by grant. No project is in two
   * grants at one instant. A grant of the scope that is not here has no projects.
   */
  grants?: readonly Grant[] | undefined;
}

export interface UsageQuery extends ScopedQuestion, PartOfServerKind {
  /** Whole hours, Unix milliseconds, UTC; `toMs` is exclusive. */
  fromMs: number;
  toMs: number;
  step: UsageStep;
  by: ReadonlySet<UsageDimension>;
  site?: string | undefined;
  projectId?: string | undefined;
  resource?: string | undefined;
  /** Only the usage of this grant: of its projects, each while it is in the grant. */
  grant?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Dimensions that the query does not separate are undefined. */
export interface StepUsage extends PartOfServerKind {
  /** Null for usage that no grant covers. */
  grant?: string | null | undefined;
  site?: string | undefined;
  /** '' if the site has one cloud. */
  cloud?: string | undefined;
  projectId?: string | undefined;
  projectName?: string | undefined;
  resource?: string | undefined;
  startMs: number;
  /** Amount × milliseconds, exact; then amount × hours. */
  amountMs: bigint;
  amount: number;
  unit: string;
  coverage: Coverage;
}

/** A question about how well the readings of sites cover each step. */
export interface CoverageQuery extends ScopedQuestion {
  /** Whole hours, Unix milliseconds, UTC; `toMs` is exclusive. */
  fromMs: number;
  toMs: number;
  /** Undefined means the hour. */
  step?: UsageStep | undefined;
  /** Gives each site, or each cloud, rows of its own. Undefined means both. */
  by?: ReadonlySet<'site' | 'cloud'> | undefined;
  site?: string | undefined;
  /** Only the clouds that have this project. */
  projectId?: string | undefined;
  /** Only the clouds that have projects of this grant, each while it has one. */
  grant?: string | undefined;
  limit: number;
  cursor?: string | undefined;
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

export interface SiteStatus {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Unix milliseconds; undefined before the first reading. */
  firstReadingMs: number | undefined;
  /** The last reading of the cloud that was read last. */
  lastReadingMs: number | undefined;
  /** The clouds that are not retired, the one with the oldest last reading first. '' stands for readings without a cloud. */
  clouds: readonly { cloud: string; lastReadingMs: number }[];
  lastSweepMs: number | undefined;
  lastSuccessMs: number | undefined;
  /** Why the last sweep failed, which series were refused, or which cloud had nothing new for longer than an ordinary pause. */
  lastError: string | undefined;
  /** The longest ordinary pause between two readings. A longer pause is a gap. */
  ordinaryPauseMs: number;
  projects: number;
  meters: number;
  /** These and the times and error of sweeps are undefined for a site of which one sees projects of grants only. */
  refusedSeries: number | undefined;
  anomalies: number | undefined;
}

export interface Project {
  site: string;
  cloud: string;
  projectId: string;
  projectName: string;
  domainId: string;
  domainName: string;
  firstReadingMs: number;
  lastReadingMs: number;
}

export interface ProjectQuery extends ScopedQuestion {
  site?: string | undefined;
  /** Part of a name or id, in upper or lower case. */
  search?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** The largest number of rows on a page. Each page of usage is summed by itself, so the totals of 10,000 projects fit on one. */
export const MAX_PAGE = 10_000;
export const MAX_USAGE_PAGE = 50_000;

export interface Page<T> {
  data: T[];
  next: string | null;
}

export interface Discrepancy {
  site: string;
  projectId: string;
  resource: string;
  /** Amount × hours. */
  difference: number;
}

export interface Ledger {
  /**
   * Declares the sites with their settings. A site that is no longer in the list keeps its entries. The ledger expects no
   * readings from it any more, unless another portal on the database declares it.
   */
  declareSites(sites: readonly SiteDeclaration[]): Promise<void>;
  /**
   * Folds a sweep into the site's meters in one transaction (rule A6). Its readings may have many instants, in any order:
   * the ledger folds them in order of time. So a gap needs no correction if it is filled before its end is folded.
   */
  fold(site: string, sweep: Sweep, lease?: Lease): Promise<FoldOutcome>;
  /** Like `fold`, but handles readings inside an open gap like `foldLate`: for writers of which some lag behind others. */
  foldInAnyOrder(site: string, sweep: Sweep, lease?: Lease): Promise<FoldOutcome>;
  /** The open gaps of the site, the oldest first. Late readings inside them can still be folded. */
  gaps(site: string): Promise<Gap[]>;
  /**
   * Folds readings inside gaps, in one transaction. Measured usage replaces the usage that was spread over a gap:
   * corrections, which are entries themselves and add up to zero, move it between hours. The time that the readings leave
   * open stays spread, and stays a gap. All other readings are folded as by `fold`. The readings of a long gap may come in
   * parts, by meters or by time. The first and the last reading of each meter in an hour are enough.
   */
  foldLate(site: string, sweeps: readonly Sweep[], lease?: Lease): Promise<LateOutcome>;
  recordFailure(site: string, atMs: number, reason: string, lease?: Lease): Promise<void>;
  /** Questions end when `gone` is aborted. They throw `RefusedQuestionError`, whose `kind` says why. */
  sites(question: ScopedQuestion, gone?: AbortSignal): Promise<SiteStatus[]>;
  /** The state of one site, for its reader. It takes turns with folds, which are never refused, and not with questions. */
  site(name: string): Promise<SiteStatus | undefined>;
  projects(query: ProjectQuery, gone?: AbortSignal): Promise<Page<Project>>;
  usage(query: UsageQuery, gone?: AbortSignal): Promise<Page<StepUsage>>;
  /**
   * All rows that `usage` returns page by page, as of one instant, in batches. The query's limit and cursor are ignored.
   * Only a few large answers run at the same time, and other large ones wait. Small answers do not wait for them.
   */
  allUsage(query: UsageQuery, gone?: AbortSignal): AsyncIterable<StepUsage[]>;
  /** Every step of every cloud from its first reading on, up to the present hour. */
  coverage(query: CoverageQuery, gone?: AbortSignal): Promise<Page<StepCoverage>>;
  /** The coverage shares of the declared sites between two whole hours, Unix milliseconds. */
  coverageShares(fromMs: number, toMs: number): Promise<CoverageShares[]>;
  /** Packs days that are over and drops hours whose time is up, in small transactions. */
  maintain(policy?: StoragePolicy): Promise<MaintenanceOutcome>;
  /** Checks rule A7 for every meter, sums of days against hours, and server hours against totals (rule S5). Empty if all agree. */
  verify(): Promise<Discrepancy[]>;
  /** The whole ledger at one instant, as text in chunks of whole lines; see docs/portal-guide.md. */
  exportLines(): AsyncIterable<string>;
  /** Imports exported lines (without line ends) into an empty ledger, in one transaction; returns the number of rows. */
  importLines(lines: AsyncIterable<string>): Promise<number>;
  /** Rejects if the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

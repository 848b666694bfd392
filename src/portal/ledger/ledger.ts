/**
 * What the portal's other parts know of the ledger: what goes in (a sweep), and what can be asked.
 * Amounts are bigint amount × milliseconds inside, and number amount × hours in answers.
 */
import type { StoragePolicy } from './storage-policy.ts';

/** The total of one meter at an instant, as a site stated it. */
export interface Reading {
  /** The label `cloud` of a site with several clouds; '' where there is none. */
  cloud: string;
  projectId: string;
  projectName: string;
  domainId: string;
  domainName: string;
  resource: string;
  /** Running total, amount × milliseconds. */
  total: bigint;
  /** The instant up to which the total counts (rule A0), Unix milliseconds. */
  atMs: number;
  /** The identity of the running totals; '' where the exporter states none. */
  epoch: string;
}

/** What was refused of a sweep, and why (rule A10). */
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

/** What a portal says of a site, for all portals on the database. What is undefined stays as another may have said. */
export interface SiteDeclaration {
  name: string;
  labels?: Readonly<Record<string, string>> | undefined;
  /** How often it is read; null for the usual. */
  intervalMs?: number | null | undefined;
  /** How many projects the ledger keeps of it; null for the usual. */
  maxProjects?: number | null | undefined;
  /** The clouds that it has; null for those that its exporters and readings name. */
  clouds?: readonly string[] | null | undefined;
  /** Clouds of the site that nothing comes of any more: after their last reading nothing is missing. */
  retiredClouds?: readonly string[] | undefined;
}

/** What a portal must hold to fold; `holder` is the portal's name. */
export interface Lease {
  name: string;
  holder: string;
}

export interface FoldOutcome {
  /** Readings that moved a meter forward. */
  folded: number;
  /** Readings that were not newer than the last (rule A1). */
  ignored: number;
  anomalies: number;
  /** What the ledger had no room for, beside what was refused before (rule A10). */
  refusals?: readonly Refusal[];
}

/** A time between two readings of a cloud, longer than an ordinary pause, of which the ledger knows only the sum. */
export interface Gap {
  cloud: string;
  /** Unix milliseconds: the readings at its two ends, which are known. */
  fromMs: number;
  toMs: number;
}

/** What late truth did. */
export interface LateOutcome {
  /** Spread intervals of meters that were replaced by what was measured. */
  replaced: number;
  /** Readings that were news by themselves: newer than the last of their meter, or of a meter unknown so far. */
  folded: number;
  /** Readings that said nothing new. */
  ignored: number;
}

export type Coverage = 'measured' | 'spread' | 'missing';
export type UsageStep = 'hour' | 'day' | 'month' | 'total';
export type UsageDimension = 'grant' | 'site' | 'cloud' | 'project' | 'resource';

/** Projects of several sites or clouds that the portal's configuration counts as one. */
export interface Grant {
  name: string;
  projects: readonly GrantProject[];
}

export interface GrantProject {
  site: string;
  projectId: string;
  /** Undefined: in every cloud of the site. */
  cloud?: string | undefined;
}

export interface UsageQuery {
  /** Whole hours, Unix milliseconds, UTC; `toMs` is exclusive. */
  fromMs: number;
  toMs: number;
  step: UsageStep;
  by: ReadonlySet<UsageDimension>;
  site?: string | undefined;
  projectId?: string | undefined;
  resource?: string | undefined;
  /** Of the projects of this grant alone. */
  grant?: string | undefined;
  /** What links projects to grants now, where it is asked by or of grants; no project is in two of them. */
  grants?: readonly Grant[] | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface StepUsage {
  /** Null for what was used by projects of no grant. */
  grant?: string | null;
  site?: string;
  /** '' where the site has one cloud. */
  cloud?: string;
  projectId?: string;
  projectName?: string;
  resource?: string;
  startMs: number;
  /** Amount × hours. */
  amount: number;
  unit: string;
  coverage: Coverage;
}

/** Steps as the readings of sites cover them. */
export interface CoverageQuery {
  /** Whole hours, Unix milliseconds, UTC; `toMs` is exclusive. */
  fromMs: number;
  toMs: number;
  /** The hour where it is undefined. */
  step?: UsageStep | undefined;
  /** What is told apart; sites and clouds where it is undefined. */
  by?: ReadonlySet<'site' | 'cloud'> | undefined;
  site?: string | undefined;
  /** Of the clouds that have this project. */
  projectId?: string | undefined;
  /** Of the clouds that have projects of this grant. */
  grant?: string | undefined;
  grants?: readonly Grant[] | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface StepCoverage {
  site?: string;
  cloud?: string;
  startMs: number;
  coverage: Coverage;
  /** Of all clouds together: between readings in an ordinary pause, and in a gap. No reading reaches the rest. */
  measuredMs: number;
  spreadMs: number;
  /** Whether any reading came after the step's start: the present hour is measured without one until it is due. */
  reached: boolean;
}

/** How a time of a site is known, in parts of 1: of all of its clouds, each from its first reading on. */
export interface CoverageShares {
  site: string;
  measured: number;
  spread: number;
  missing: number;
}

export interface SiteStatus {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Unix milliseconds, undefined before the first. */
  firstReadingMs: number | undefined;
  /** Of the cloud that was read last. */
  lastReadingMs: number | undefined;
  /** Those that are not retired, the one that was read longest ago first; '' for readings that name none. */
  clouds: readonly { cloud: string; lastReadingMs: number }[];
  lastSweepMs: number | undefined;
  lastSuccessMs: number | undefined;
  /** Why the last sweep failed, what was not taken of it, or that a cloud told nothing new for longer than an ordinary pause. */
  lastError: string | undefined;
  /** How long a pause between two readings may be; a longer one is a gap. */
  ordinaryPauseMs: number;
  projects: number;
  meters: number;
  refusedSeries: number;
  anomalies: number;
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

export interface ProjectQuery {
  site?: string | undefined;
  /** Part of a name or id, without case. */
  search?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Rows that a page has at most. */
export const MAX_PAGE = 10_000;

export interface Page<T> {
  data: T[];
  next: string | null;
}

export interface Discrepancy {
  site: string;
  projectId: string;
  resource: string;
  /** opening + entries + corrections − last total, amount × hours. */
  difference: number;
}

export interface Maintained {
  /** Entries that were packed. */
  packed: number;
  /** Months of meters whose hours were dropped. */
  dropped: number;
  /** Gaps of clouds that were given up. */
  expired: number;
}

export interface Ledger {
  /**
   * Makes the sites known, with their labels; sites that are gone from the list keep their entries, and are expected no more
   * unless another portal on the database names them.
   */
  declareSites(sites: readonly SiteDeclaration[]): Promise<void>;
  /**
   * Folds a sweep into the site's meters in one transaction (rule A6). Its readings may be of many instants, in any
   * order: they are folded in order of time. So a gap that can be filled before its end is folded needs no correction.
   */
  fold(site: string, sweep: Sweep, lease?: Lease): Promise<FoldOutcome>;
  /** As `fold`, but what falls into an open gap is late truth, as in `foldLate`: for writers of which some lag behind others. */
  foldInAnyOrder(site: string, sweep: Sweep, lease?: Lease): Promise<FoldOutcome>;
  /** What was spread at the site so far, the oldest first; late truth about it can still be folded. */
  gaps(site: string): Promise<Gap[]>;
  /**
   * Folds readings of instants inside gaps, in one transaction: what was spread over a gap is replaced by what these
   * readings say, by corrections that are entries themselves and add up to nothing. What they leave open stays spread,
   * and stays a gap. Anything else in the sweeps is folded as by `fold`. An answer for a long gap may come in parts, by
   * meters or by time; of each meter the first and the last reading in an hour say all that there is to say.
   */
  foldLate(site: string, sweeps: readonly Sweep[], lease?: Lease): Promise<LateOutcome>;
  recordFailure(site: string, atMs: number, reason: string, lease?: Lease): Promise<void>;
  /**
   * Questions end when `gone` is aborted, as nobody waits for them any more. One that costs too much, takes too long, or
   * comes beside too many others is refused by a `RefusedQuestionError`.
   */
  sites(gone?: AbortSignal): Promise<SiteStatus[]>;
  projects(query: ProjectQuery, gone?: AbortSignal): Promise<Page<Project>>;
  usage(query: UsageQuery, gone?: AbortSignal): Promise<Page<StepUsage>>;
  /**
   * All rows that `usage` gives page by page, as they are at one instant, some at a time; a query's limit and cursor mean nothing.
   * Few of many rows are answered at once, and others wait; those of few rows wait for none of them.
   */
  allUsage(query: UsageQuery, gone?: AbortSignal): AsyncIterable<StepUsage[]>;
  /** Every step of every cloud from its first reading on, up to the present hour. */
  coverage(query: CoverageQuery, gone?: AbortSignal): Promise<Page<StepCoverage>>;
  /** Of the declared sites, from one whole hour to another; Unix milliseconds. */
  coverageShares(fromMs: number, toMs: number): Promise<CoverageShares[]>;
  /** Packs days that are over, and drops hours that are kept no longer, in small transactions. */
  maintain(policy?: StoragePolicy): Promise<Maintained>;
  /** Rule A7 for every meter, and that sums of days agree with hours; empty where all agree. */
  verify(): Promise<Discrepancy[]>;
  /** All of the ledger at one instant, as text in pieces of whole lines; see docs/portal-guide.md. */
  exportLines(): AsyncIterable<string>;
  /** Brings exported lines, without their ends, into an empty ledger, whole or not at all; returns the number of rows. */
  importLines(lines: AsyncIterable<string>): Promise<number>;
  /** Rejects where the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The ledger for the other parts of the portal. Sweeps carry amount × ms as bigint; answers amount × hours as number. */
import type { Answers } from './answers.ts';
import type { CoverageShares } from './shapes/coverage.ts';
import type { SiteDeclaration, SiteStatus } from './shapes/site.ts';
import type { FoldOutcome, Gap, LateOutcome, Lease, Sweep } from './shapes/sweep.ts';
import type { ExportContent, MaintenanceOutcome, StoragePolicy } from './storage-policy.ts';

export { MAX_PAGE } from './shapes/question.ts';
export { MAX_USAGE_PAGE } from './shapes/usage.ts';
export type * from './shapes/coverage.ts';
export type * from './shapes/project.ts';
export type * from './shapes/quality.ts';
export type * from './shapes/question.ts';
export type * from './shapes/site.ts';
export type * from './shapes/sweep.ts';
export type * from './shapes/usage.ts';

/** A meter, a sum or a project whose parts do not agree. */
export interface Difference {
  site: string;
  projectId: string;
  resource: string;
  /** Amount × hours. */
  difference: number;
}

/** Rows of a table whose row in the table `parent` is missing. */
export interface Orphans {
  site: string;
  table: string;
  parent: string;
  rows: number;
}

export type Discrepancy = Difference | Orphans;

export interface Ledger extends Answers {
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
  /** The state of one site, for its reader. It takes turns with folds, which are never refused, and not with questions. */
  site(name: string): Promise<SiteStatus | undefined>;
  /** The coverage shares of the declared sites between two whole hours, Unix milliseconds. */
  coverageShares(fromMs: number, toMs: number): Promise<CoverageShares[]>;
  /** Packs days that are over and drops hours whose time is up, in small transactions. Throws if `portal` has no leases. */
  maintain(policy?: StoragePolicy, portal?: string): Promise<MaintenanceOutcome>;
  /** Checks rule A7 for every meter, sums of days against hours, and server hours against totals (rule S5). Empty if all agree. */
  verify(): Promise<Discrepancy[]>;
  /** The whole ledger at one instant, as text in chunks of whole lines; see docs/portal-guide.md. */
  exportLines(content?: ExportContent): AsyncIterable<string>;
  /** Imports exported lines (without line ends) into an empty ledger, in one transaction; returns the number of rows. */
  importLines(lines: AsyncIterable<string>, content?: ExportContent): Promise<number>;
  /** Rejects if the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

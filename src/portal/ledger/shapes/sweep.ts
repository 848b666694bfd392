import type { ServerKind } from '../server-kind.ts';

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
  /** Made where many readings of a meter come at once. */
  keys?: ReadingKeys | undefined;
}

/** The keys of a reading's project and meter, as long as the reading is in this cloud. */
interface ReadingKeys {
  cloud: string;
  project: string;
  meter: string;
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
  /** The versions that the site's exporters state; undefined if they state none. */
  versions?: readonly string[];
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

import type { Names } from '../names.ts';
import type { PartOfServerKind } from '../server-kind.ts';
import type { PeriodQuestion } from './question.ts';

/** A question about what the ledger notes of sites beside their usage. Sites that one does not see as a whole have no answer. */
export type SiteRecordQuery = Pick<PeriodQuestion, 'scope' | 'fromMs' | 'toMs' | 'site' | 'limit' | 'cursor'>;

/** A question about what the ledger notes of meters and their hours. */
export interface MeterRecordQuery extends SiteRecordQuery, Pick<PeriodQuestion, 'grants' | 'projectId'> {
  resource?: Names | undefined;
}

/** A meter by its names. The project has its name at the end of the hour. */
export interface MeterPlace extends PartOfServerKind {
  site: string;
  cloud: string;
  projectId: string;
  projectName: string;
  resource: string;
  unit: string;
}

/** The anomalies of one kind in one hour of a meter. */
export interface HourAnomaly extends MeterPlace {
  startMs: number;
  kind: string;
  count: number;
  /** Amount × hours by which the total moved without being usage. */
  correction: number;
  lastAtMs: number;
}

/** A change of an hour, with the amounts × hours before and after it; undefined where the hour is no longer kept. */
export interface HourCorrection extends MeterPlace {
  startMs: number;
  before: number | undefined;
  after: number | undefined;
  /** The part of the amount that is spread over a gap. */
  spreadBefore: number | undefined;
  spreadAfter: number | undefined;
  /** When the ledger learned it. */
  atMs: number;
}

/** The refused series of a site that share a reason. */
export interface SiteRefusal {
  site: string;
  reason: string;
  firstAtMs: number;
  lastAtMs: number;
  /** In all sweeps, and in the last one that had some. */
  series: number;
  lastSeries: number;
  example: string;
}

/** Sweeps of a site one after the other that ended in the same way: all counted, with refused series, or not at all. */
export interface SweepRun {
  outcome: 'ok' | 'refused' | 'failed';
  /** The first and the last sweep. */
  fromMs: number;
  toMs: number;
  sweeps: number;
  /** The error of the last sweep. */
  error: string | null;
}

export interface SiteSweepRun extends SweepRun {
  site: string;
}

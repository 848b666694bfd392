import type { Api, SiteRow } from '../../api.ts';
import { DAY_MS, HOUR_MS } from '../../format.ts';
import { UTC } from '../../periods/zone.ts';
import { latestRenamings, type Renaming } from './renamings.ts';
import { coverageDays, yearUpTo, type CoverageDay } from './coverage-days.ts';
import {
  firstRows,
  type AnomalyRow,
  type CorrectionRow,
  type RecordTime,
  type RefusalRow,
  type Rows,
  type SweepRow,
} from './records.ts';

/** Why numbers changed, over a time. */
export interface Changes {
  time: RecordTime;
  corrections: Rows<CorrectionRow>;
  /** Undefined for somebody who sees only grants. */
  anomalies: Rows<AnomalyRow> | undefined;
}

export interface SitePageData {
  site: SiteRow;
  days: CoverageDay[];
  changes: Changes;
  /** Undefined for somebody who sees only grants of the site, as are sweeps and refusals. */
  renamings: Renaming[] | undefined;
  sweeps: Rows<SweepRow> | undefined;
  refusals: Rows<RefusalRow> | undefined;
}

export const CHANGES_DAYS = 30;

/** Undefined if there is no such site. */
export async function loadSite(
  api: Api,
  name: string,
  signal: AbortSignal,
): Promise<SitePageData | undefined> {
  const sites = await api.sites(signal);
  const site = sites.find((one) => one.name === name);
  if (site === undefined) return undefined;
  const year = { ...yearUpTo(api.nowMs()), site: name };
  const time = lastDays(api.nowMs(), name);
  const isWhole = seesWhole(site);
  const [covered, changes, sweeps, refusals, renamed] = await Promise.all([
    api.coverage({ ...year, zone: UTC, step: 'day' }, signal),
    loadChanges(api, time, isWhole, signal),
    isWhole ? firstRows(api, 'sweeps', year, signal) : undefined,
    isWhole ? firstRows(api, 'refusals', time, signal) : undefined,
    isWhole ? api.projects({ site: name, history: 'true', renamed: 'true' }, signal) : undefined,
  ]);
  const renamings = renamed && latestRenamings(renamed);
  return { site, days: coverageDays(year, covered), changes, renamings, sweeps, refusals };
}

export async function loadChanges(
  api: Api,
  time: RecordTime,
  isWhole: boolean,
  signal: AbortSignal,
): Promise<Changes> {
  const [corrections, anomalies] = await Promise.all([
    firstRows(api, 'corrections', time, signal),
    isWhole ? firstRows(api, 'anomalies', time, signal) : undefined,
  ]);
  return { time, corrections, anomalies };
}

/** The last days, up to the end of the present hour. */
export function lastDays(nowMs: number, site?: string): RecordTime {
  const toMs = (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS;
  return { fromMs: toMs - CHANGES_DAYS * DAY_MS, toMs, site };
}

/** Whether one sees a site with its health, and not only projects of grants. */
export function seesWhole({ refused_series: refused }: SiteRow): boolean {
  return refused !== null;
}

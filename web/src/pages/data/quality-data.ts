import type { Api, CoverageRow, SiteRow } from '../../api.ts';
import { DAY_MS, isoInstant } from '../../format.ts';
import { grouped } from './grouped.ts';
import { firstRows, type RecordTime, type SweepRow } from './records.ts';
import { lastDays, loadChanges, seesWhole, type Changes } from './site-data.ts';

/** A site with what is known of the quality of its numbers. */
export interface SiteQuality {
  site: SiteRow;
  /** The coverage of the last days together; undefined before the first reading. */
  coverage: CoverageRow | undefined;
  /** The latest first. */
  runs: SweepRow[];
}

export interface QualityPageData {
  sites: SiteQuality[];
  changes: Changes;
}

const MOST_ROWS = '10000';

export async function loadQuality(api: Api, signal: AbortSignal): Promise<QualityPageData> {
  const time = lastDays(api.nowMs());
  const sites = await api.sites(signal);
  const isWhole = sites.some(seesWhole);
  const lastDay = { ...time, fromMs: time.toMs - DAY_MS };
  const [covered, sweeps, changes] = await Promise.all([
    api.firstPage(coverageOfSites(time), signal),
    isWhole ? firstRows(api, 'sweeps', lastDay, signal, MOST_ROWS) : undefined,
    loadChanges(api, time, isWhole, signal),
  ]);
  const runs = grouped(sweeps?.rows ?? [], ({ site }) => site);
  const coverage = new Map((covered.data as CoverageRow[]).map((row) => [row.site, row]));
  return {
    sites: sites.map((site) => ({
      site,
      coverage: coverage.get(site.name),
      runs: runs.get(site.name) ?? [],
    })),
    changes,
  };
}

function coverageOfSites({ fromMs, toMs }: RecordTime): string {
  const time = { from: isoInstant(fromMs), to: isoInstant(toMs) };
  return `api/v1/coverage?${new URLSearchParams({ ...time, step: 'total', by: 'site', limit: MOST_ROWS })}`;
}

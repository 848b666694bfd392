import type { CoverageRow, SiteStatus } from '../../src/portal/ledger/ledger.ts';
import { MS_PER_HOUR } from '../../src/prometheus/usage-metrics.ts';
import type { UsageAnswerRow } from '../api-client.ts';
import type { Resource, Truth } from './truth.ts';

/** What a portal says of a site, from the hour of its first reading to that of its last. */
export interface Answers {
  site: Pick<SiteStatus, 'name' | 'first_reading_at' | 'last_reading_at'>;
  hours: readonly UsageAnswerRow[];
  totals: readonly UsageAnswerRow[];
  coverage: readonly CoverageRow[];
}

export interface Checked {
  site: string;
  /** One line for each promise that is not kept. */
  broken: string[];
  /** Hours of the site by how they are known. */
  measured: number;
  spread: number;
}

/** Readings around the stroke of an hour that is measured lie at most so far apart: the portal's threshold of a gap. */
const MEASURED_APART_MS = 15 * 60_000;
/** Amount × milliseconds: shares are whole. */
const ROUNDING = 2;
const RESOURCES: readonly Resource[] = ['vcpu', 'mb', 'disk_gb', 'instance'];

/** Holds what a portal says against the truth: totals, hours as far as they are called measured, and coverage itself. */
export function checkPromises(answers: Answers, projects: readonly string[], truth: Truth): Checked {
  const firstMs = Date.parse(answers.site.first_reading_at ?? '');
  const lastMs = Date.parse(answers.site.last_reading_at ?? '');
  const coverage = new Map(answers.coverage.map((row) => [Date.parse(row.start), row]));
  const broken = brokenCoverage(coverage, firstMs, lastMs);
  for (const project of projects)
    for (const resource of RESOURCES) {
      const isOfMeter = (row: UsageAnswerRow) => row.project_id === project && row.resource === resource;
      const used = truth.usage(project, resource, firstMs, lastMs);
      broken.push(
        ...brokenTotal(answers.totals.filter(isOfMeter), used),
        ...brokenHours(answers.hours.filter(isOfMeter), {
          project,
          resource,
          firstMs,
          lastMs,
          coverage,
          truth,
        }),
      );
    }
  const states = [...coverage.values()].map((row) => row.coverage);
  const count = (state: string) => states.filter((one) => one === state).length;
  return {
    site: answers.site.name,
    broken: broken.map((line) => `${answers.site.name}: ${line}`),
    measured: count('measured'),
    spread: count('spread'),
  };
}

/** Every hour between the first and the last reading is covered whole, and called what it is. */
function brokenCoverage(
  coverage: ReadonlyMap<number, CoverageRow>,
  firstMs: number,
  lastMs: number,
): string[] {
  const broken: string[] = [];
  for (let hourMs = startOfHour(firstMs); hourMs < lastMs; hourMs += MS_PER_HOUR) {
    const row = coverage.get(hourMs);
    const endMs = hourMs + MS_PER_HOUR;
    const covered = (Math.min(endMs, lastMs) - Math.max(hourMs, firstMs)) / 1000;
    const found = (row?.measured_seconds ?? 0) + (row?.spread_seconds ?? 0);
    if (Math.abs(found - covered) > 0.002)
      broken.push(`of ${iso(hourMs)} ${found} s are covered, not ${covered}`);
    const state = endMs > lastMs ? row?.coverage : (row?.spread_seconds ?? 0) > 0 ? 'spread' : 'measured';
    if (row?.coverage !== state) broken.push(`${iso(hourMs)} is called ${row?.coverage}, and is ${state}`);
  }
  return broken;
}

function brokenTotal(rows: readonly UsageAnswerRow[], used: bigint): string[] {
  const found = rows.reduce((sum, { amount }) => sum + amount, 0) * MS_PER_HOUR;
  const isExact = Math.abs(found - Number(used)) <= 1e-9 * Number(used);
  return isExact ? [] : [`${rows[0]?.project_id} ${rows[0]?.resource} used ${used}, the ledger has ${found}`];
}

interface MeterHours {
  project: string;
  resource: Resource;
  firstMs: number;
  lastMs: number;
  coverage: ReadonlyMap<number, CoverageRow>;
  truth: Truth;
}

/**
 * At the stroke of an hour of which one side is measured, all that was used before it is in the hours before it: so a
 * measured hour has what was used in it, and hours that are spread have it together.
 */
function brokenHours(
  rows: readonly UsageAnswerRow[],
  { project, resource, firstMs, lastMs, coverage, truth }: MeterHours,
): string[] {
  const byHour = new Map(rows.map((row) => [Date.parse(row.start), row]));
  const isMeasured = (hourMs: number) =>
    (byHour.get(hourMs)?.coverage ?? coverage.get(hourMs)?.coverage) === 'measured';
  const broken: string[] = [];
  let found = 0;
  for (let hourMs = startOfHour(firstMs); hourMs + MS_PER_HOUR <= lastMs; hourMs += MS_PER_HOUR) {
    const strokeMs = hourMs + MS_PER_HOUR;
    found += (byHour.get(hourMs)?.amount ?? 0) * MS_PER_HOUR;
    if (!isMeasured(hourMs) && !isMeasured(strokeMs)) continue;
    const used = Number(truth.usage(project, resource, firstMs, strokeMs));
    const blur = truth.blur(project, resource, strokeMs, MEASURED_APART_MS);
    if (Math.abs(found - used) > blur + ROUNDING + 1e-9 * used)
      broken.push(
        `${project} ${resource} before ${iso(strokeMs)}: ${used} ± ${blur}, the ledger has ${found}`,
      );
  }
  return broken;
}

function startOfHour(ms: number): number {
  return Math.floor(ms / MS_PER_HOUR) * MS_PER_HOUR;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

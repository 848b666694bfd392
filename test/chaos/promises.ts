import type { CoverageRow, SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { MS_PER_HOUR } from '../../src/prometheus/usage-metrics.ts';
import type { ServerHoursRow, UsageAnswerRow } from '../support/api-client.ts';
import type { StateTruth } from '../support/server-hours-truth.ts';
import type { Resource, Truth } from './truth.ts';

/** A portal's answers about a site, from the hour of its first reading to the hour of its last reading. */
export interface Answers {
  site: Pick<SiteRow, 'name' | 'first_reading_at' | 'last_reading_at'>;
  /** Days while hours are dropped, then hours. */
  steps: readonly UsageAnswerRow[];
  totals: readonly UsageAnswerRow[];
  /** By flavor and state; empty for a site without server hours. */
  serverHours: readonly ServerHoursRow[];
  coverage: readonly CoverageRow[];
  /** The midnight from which hours are kept. */
  keptFromMs: number;
}

export interface SiteCheck {
  site: string;
  /** A line for each broken promise. */
  broken: string[];
  /** The number of hours of the site by coverage. */
  measured: number;
  spread: number;
  /** The number of days without hours that were compared with the truth, at a measured midnight. */
  days: number;
}

/** Readings around the end of a measured hour are at most this far apart: the portal's threshold of a gap. */
const MEASURED_APART_MS = 15 * 60_000;
/** Amount × milliseconds: spreading rounds shares to whole units. */
const ROUNDING = 2;
const MS_PER_DAY = 24 * MS_PER_HOUR;
const RESOURCES: readonly Resource[] = ['vcpu', 'mb', 'disk_gb', 'instance', 'server'];

/** Compares a portal's answers with the truth: totals, measured days and hours, and coverage itself. */
export function checkPromises(answers: Answers, projects: readonly string[], truth: Truth): SiteCheck {
  const firstMs = Date.parse(answers.site.first_reading_at ?? '');
  const lastMs = Date.parse(answers.site.last_reading_at ?? '');
  const coverage = new Map(answers.coverage.map((row) => [Date.parse(row.start), row]));
  const strokes = strokesBetween(firstMs, lastMs, answers.keptFromMs);
  const broken = brokenCoverage(coverage, firstMs, lastMs);
  for (const project of projects)
    for (const resource of RESOURCES) {
      if (resource === 'server' && answers.serverHours.length === 0) continue;
      const isOfMeter = (row: UsageAnswerRow) => row.project_id === project && row.resource === resource;
      const steps = answers.steps.filter(isOfMeter);
      const used = truth.usage(project, resource, firstMs, lastMs);
      broken.push(
        ...brokenTotal(answers.totals.filter(isOfMeter), used),
        ...brokenSteps(steps, strokes, { project, resource, firstMs, coverage, truth }),
      );
    }
  if (answers.serverHours.length > 0)
    for (const project of projects)
      broken.push(
        ...brokenServerHours(
          answers.serverHours.filter((row) => row.project_id === project),
          truth.serverHours(project, firstMs, lastMs),
        ),
      );
  const states = [...coverage.values()].map((row) => row.coverage);
  const count = (state: string) => states.filter((one) => one === state).length;
  return {
    site: answers.site.name,
    broken: broken.map((line) => `${answers.site.name}: ${line}`),
    measured: count('measured'),
    spread: count('spread'),
    days: strokes.filter(
      ({ fromMs, strokeMs }) =>
        strokeMs - fromMs > MS_PER_HOUR && isMeasuredAround(strokeMs, new Map(), coverage),
    ).length,
  };
}

/** Checks that coverage of every hour between the first and the last reading is complete and has the right name. */
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
    if (row?.coverage !== state) broken.push(`${iso(hourMs)} is shown as ${row?.coverage}, but is ${state}`);
  }
  return broken;
}

function brokenTotal(rows: readonly UsageAnswerRow[], used: bigint): string[] {
  const found = rows.reduce((sum, { amount }) => sum + amount, 0) * MS_PER_HOUR;
  const isExact = Math.abs(found - Number(used)) <= 1e-9 * Number(used);
  return isExact ? [] : [`${rows[0]?.project_id} ${rows[0]?.resource} used ${used}, the ledger has ${found}`];
}

/**
 * Checks that each flavor has its true server hours, and no state more than it has. Time whose actions could not be read
 * is `unknown`.
 */
function brokenServerHours(rows: readonly ServerHoursRow[], truth: readonly StateTruth[]): string[] {
  const foundOf = (isWanted: (row: ServerHoursRow) => boolean) =>
    rows.filter(isWanted).reduce((sum, { amount }) => sum + amount * MS_PER_HOUR, 0);
  const usedBy = (isWanted: (of: StateTruth) => boolean) =>
    Number(truth.filter(isWanted).reduce((sum, { durationMs }) => sum + durationMs, 0n));
  const broken: string[] = [];
  for (const name of new Set([
    ...rows.map(({ flavor }) => flavor.name),
    ...truth.map((of) => of.flavor.name),
  ])) {
    const [found, used] = [
      foundOf(({ flavor }) => flavor.name === name),
      usedBy(({ flavor }) => flavor.name === name),
    ];
    if (Math.abs(found - used) > ROUNDING + 1e-9 * used)
      broken.push(`servers of ${name} lived ${used}, the ledger has ${found}`);
    for (const state of new Set(rows.map((row) => row.state))) {
      const inState = foundOf((row) => row.flavor.name === name && row.state === state);
      const trulyInState = usedBy((of) => of.flavor.name === name && of.state === state);
      if (state !== 'unknown' && inState > trulyInState + ROUNDING + 1e-9 * trulyInState)
        broken.push(`servers of ${name} were ${state} for ${trulyInState}, the ledger has ${inState}`);
    }
  }
  return broken;
}

/** The end of a day or an hour, and its start. */
interface Stroke {
  fromMs: number;
  strokeMs: number;
}

/** Days while hours are dropped, then hours. */
function strokesBetween(firstMs: number, lastMs: number, keptFromMs: number): Stroke[] {
  const strokes: Stroke[] = [];
  for (let fromMs = startOfDay(firstMs); ;) {
    const strokeMs = fromMs + (fromMs < keptFromMs ? MS_PER_DAY : MS_PER_HOUR);
    if (strokeMs > lastMs) return strokes;
    strokes.push({ fromMs, strokeMs });
    fromMs = strokeMs;
  }
}

/** Whether an hour before or after the instant is measured: the meter's hour, or the site's hour if the meter has none. */
function isMeasuredAround(
  strokeMs: number,
  rows: ReadonlyMap<number, UsageAnswerRow>,
  coverage: ReadonlyMap<number, CoverageRow>,
): boolean {
  const isMeasured = (hourMs: number) =>
    (rows.get(hourMs)?.coverage ?? coverage.get(hourMs)?.coverage) === 'measured';
  return isMeasured(strokeMs - MS_PER_HOUR) || isMeasured(strokeMs);
}

interface Meter {
  project: string;
  resource: Resource;
  firstMs: number;
  coverage: ReadonlyMap<number, CoverageRow>;
  truth: Truth;
}

/**
 * At the end of an hour next to a measured hour, the hours before must contain exactly the usage before. So a measured
 * hour has its own usage, spread hours have theirs together, and a day has the usage of the day.
 */
function brokenSteps(
  rows: readonly UsageAnswerRow[],
  strokes: readonly Stroke[],
  { project, resource, firstMs, coverage, truth }: Meter,
): string[] {
  const byStart = new Map(rows.map((row) => [Date.parse(row.start), row]));
  const broken: string[] = [];
  let found = 0;
  for (const { fromMs, strokeMs } of strokes) {
    found += (byStart.get(fromMs)?.amount ?? 0) * MS_PER_HOUR;
    if (!isMeasuredAround(strokeMs, byStart, coverage)) continue;
    const used = Number(truth.usage(project, resource, firstMs, strokeMs));
    const blur = truth.blur(project, resource, strokeMs, MEASURED_APART_MS);
    if (Math.abs(found - used) > blur + ROUNDING + 1e-9 * used)
      broken.push(
        `${project} ${resource} before ${iso(strokeMs)}: ${used} ± ${blur}, the ledger has ${found}`,
      );
  }
  return broken;
}

function startOfDay(ms: number): number {
  return Math.floor(ms / MS_PER_DAY) * MS_PER_DAY;
}

function startOfHour(ms: number): number {
  return Math.floor(ms / MS_PER_HOUR) * MS_PER_HOUR;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

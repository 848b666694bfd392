import { eachInSteps, Pace, sortedInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { isGap, type Interval } from '../meters/gap.ts';
import type { AccountingRules } from '../meters/meter.ts';
import { advance, coverageBetween, type CloudProgress, type HourCoverage } from './progress.ts';

/** The changes that a sweep makes to a cloud. */
export interface CloudChange {
  progress: CloudProgress;
  /** By hour. */
  coverage: Map<number, HourCoverage>;
  gaps: Interval[];
}

/**
 * The progress of one cloud during a sweep. It depends only on the instants of the readings, so it is known before any
 * meter is folded.
 */
interface CloudCourse {
  /** The progress before the sweep; undefined for a new cloud. */
  known: CloudProgress | undefined;
  /** By instant: the progress before the readings of this instant. */
  before: ReadonlyMap<number, CloudProgress | undefined>;
  /** Undefined if the sweep has nothing newer. */
  change: CloudChange | undefined;
}

/** By name of the cloud. */
export type CloudCourses = ReadonlyMap<string, CloudCourse>;

export function* coursesOf(
  clouds: ReadonlyMap<string, CloudProgress>,
  readings: readonly Reading[],
  rules: AccountingRules,
): Steps<CloudCourses> {
  const instants = new Map<string, Map<number, boolean>>();
  yield* eachInSteps(readings, ({ cloud, atMs, servers }) => {
    const known = instants.get(cloud);
    const hasServerHours = servers !== undefined || known?.get(atMs) === true;
    if (known === undefined) instants.set(cloud, new Map([[atMs, hasServerHours]]));
    else known.set(atMs, hasServerHours);
  });
  const courses = new Map<string, CloudCourse>();
  const pace = new Pace();
  for (const [cloud, all] of instants) {
    const course = yield* courseOf(clouds.get(cloud), all, rules);
    courses.set(cloud, course);
    yield* pace.did(all.size + (course.change?.coverage.size ?? 0));
  }
  return courses;
}

function* courseOf(
  known: CloudProgress | undefined,
  /** Whether the readings of an instant have server hours. */
  instants: ReadonlyMap<number, boolean>,
  rules: AccountingRules,
): Steps<CloudCourse> {
  const before = new Map<number, CloudProgress | undefined>();
  const change = { coverage: new Map<number, HourCoverage>(), gaps: [] as Interval[] };
  let progress = known;
  const inOrder = yield* sortedInSteps([...instants], ([one], [other]) => one - other);
  yield* eachInSteps(inOrder, ([atMs, hasServerHours]) => {
    before.set(atMs, progress);
    const next = advance(progress, atMs, hasServerHours);
    if (progress !== undefined && next.lastMs > progress.lastMs)
      cover(change, { fromMs: progress.lastMs, toMs: atMs }, rules);
    progress = next;
  });
  if (progress === undefined || progress === known) return { known, before, change: undefined };
  return { known, before, change: { progress, ...change } };
}

function cover(
  { coverage, gaps }: Omit<CloudChange, 'progress'>,
  interval: Interval,
  rules: AccountingRules,
): void {
  for (const gained of coverageBetween(interval.fromMs, interval.toMs, rules)) {
    const had = coverage.get(gained.hour);
    coverage.set(gained.hour, {
      hour: gained.hour,
      measuredMs: (had?.measuredMs ?? 0) + gained.measuredMs,
      spreadMs: (had?.spreadMs ?? 0) + gained.spreadMs,
    });
  }
  if (isGap(interval, rules)) gaps.push(interval);
}

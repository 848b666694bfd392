import type { Snapshot } from '../exposition/exposition.ts';
import { ABSENCE_MS } from '../metering/fold.ts';
import type { MeterState } from '../metering/meter-state.ts';
import { countTotals } from '../metering/server-hours.ts';
import { settleFlavors } from '../metering/unread-flavors.ts';
import { clockSkew, type ClockEvidence } from '../metering/window.ts';
import { StateDraft } from '../state/state-draft.ts';
import type { ExporterState } from '../state/state-format.ts';
import type { StateStore } from '../state/state-store.ts';
import type { FlavorGpuReader } from './flavor-gpus.ts';
import type { CountedProjects, MeteredCloud } from './metered-cloud.ts';
import type { Sampler } from './sampling.ts';
import type { ServerGpus } from './server-gpus.ts';
import { shownProjects, withNames, type ShownSettings } from './shown-projects.ts';
import { type FoldingParts, type FoldingSettings, foldUsage } from './folding.ts';

export interface RefreshParts extends Omit<FoldingParts, 'gpus'> {
  settings: FoldingSettings & ShownSettings;
  /** Reads the projects that the user sees. */
  readCloud(counted: CountedProjects): Promise<MeteredCloud>;
  /** Reads Nova's clock; undefined where Nova does not tell its time. */
  readClock(): Promise<ClockEvidence | undefined>;
  /** The GPUs of today's flavors and of the servers' own flavors; undefined where GPUs are not metered. */
  gpus: { flavors: FlavorGpuReader; servers: ServerGpus } | undefined;
  sample: Sampler;
  openStore(): Promise<StateStore>;
  /** Receives how far Nova's clock is ahead of this machine's clock. */
  onClock(aheadMs: number): void;
  /** Receives the number of totals of server hours; is not called where none were ever metered. */
  onServerHours(totals: number): void;
  /** Receives the projects that the user sees. */
  onCloud(cloud: MeteredCloud): void;
}

/**
 * Reads projects and usage up to now and folds the usage in, window by window. Throws if an answer is not
 * complete, and folds nothing of it. The last window and the samples at its end are written together, because a state is large: a refresh needs one
 * write.
 */
export async function refreshTotals(parts: RefreshParts): Promise<Snapshot> {
  const { settings, gpus, clock } = parts;
  const startedMs = clock.nowMs();
  const draft = new StateDraft(await parts.openStore());
  const cloud = await parts.readCloud(countedBefore(draft.current(), startedMs));
  parts.onCloud(cloud);
  if (gpus !== undefined) await readGpus(gpus.flavors, draft);
  const evidence = await parts.readClock();
  if (evidence !== undefined) parts.onClock(clockSkew(evidence));
  await foldUsage(cloud, evidence, draft, { ...parts, gpus: gpus?.servers });
  await takeSample(cloud, draft, parts);
  await draft.save();
  const state = draft.current();
  gpus?.servers.keep(state.meter.servers);
  parts.histories?.endRefresh();
  if (state.meter.hours !== undefined) parts.onServerHours(countTotals(state.meter.hours));
  return snapshotOf(state, cloud, settings, { startedMs, completedMs: clock.nowMs() });
}

function snapshotOf(
  state: ExporterState,
  cloud: MeteredCloud,
  settings: ShownSettings,
  { startedMs, completedMs }: { startedMs: number; completedMs: number },
): Snapshot {
  const { meter, sampled } = state;
  const projects = shownProjects(cloud.projects, state, settings);
  return { meter, sampled, projects, completedMs, durationMs: Math.max(0, completedMs - startedMs) };
}

/** Counts earlier usage of GPUs as soon as the flavor of that usage can be read. */
async function readGpus(flavors: FlavorGpuReader, draft: StateDraft): Promise<void> {
  const before = draft.current();
  const flavorGpus = await flavors(before.flavorGpus);
  const meter = settleFlavors(before.meter, flavorGpus);
  if (meter === before.meter && flavorGpus === before.flavorGpus) return;
  draft.change({ ...before, meter, flavorGpus });
  await draft.save(); // a flavor may be gone when a failed refresh is tried again
}

/** Samples the resources without a history up to the instant of the totals, so that all readings have one time. */
async function takeSample(
  { projects, views }: MeteredCloud,
  draft: StateDraft,
  { sample, settings: { split } }: RefreshParts,
): Promise<void> {
  const before = draft.current();
  const sampled = await sample(before.sampled, { views, untilMs: before.meter.untilMs });
  if ([...sampled].every(([resource, state]) => before.sampled.get(resource) === state)) return;
  draft.change(withNames({ ...before, sampled }, before, projects, split));
}

/**
 * The projects whose usage is in the totals already. A user without further rights cannot see whether a missing project is
 * deleted, or only the user's role in it. Such a project stops the other projects for at most the time that a server may be
 * absent.
 */
export function countedBefore({ meter, allProjects }: ExporterState, nowMs: number): CountedProjects {
  if (nowMs - meter.untilMs > ABSENCE_MS) return { allProjects, projects: [] };
  return { allProjects, projects: { [Symbol.iterator]: () => projectsOfRunning(meter) } };
}

/** The project of each running server. Most users may read all projects, so that nobody asks. */
function* projectsOfRunning({ servers }: MeterState): Generator<string> {
  for (const { absentSinceMs, projectId } of servers.values())
    if (absentSinceMs === undefined) yield projectId;
}

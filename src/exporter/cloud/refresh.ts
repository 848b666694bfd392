import type { Snapshot } from '../exposition/exposition.ts';
import { ABSENCE_MS } from '../metering/fold.ts';
import { settleFlavors } from '../metering/unread-flavors.ts';
import { clockSkew, type ClockEvidence } from '../metering/window.ts';
import { draftState, type StateDraft } from '../state/state-draft.ts';
import type { ExporterState } from '../state/state-format.ts';
import type { StateStore } from '../state/state-store.ts';
import type { GpuCounting } from './gpu-counting.ts';
import type { Counted, MeteredCloud } from './metered-cloud.ts';
import type { Sampler } from './sampling.ts';
import type { ServerGpus } from './server-gpus.ts';
import { shownProjects, withNames, type ShownSettings } from './shown-projects.ts';
import { createUsageFolder, type FoldingSettings, type UsageFolderOptions } from './usage-folder.ts';

export interface RefreshOptions extends Omit<UsageFolderOptions, 'gpus'> {
  settings: FoldingSettings & ShownSettings;
  /** What the user sees. */
  readCloud(counted: Counted): Promise<MeteredCloud>;
  /** What Nova's clock says, if it does. */
  readClock(): Promise<ClockEvidence | undefined>;
  /** Those of today's flavors, and of servers' own; undefined where GPUs are not asked for. */
  gpus: { flavors: GpuCounting; servers: ServerGpus } | undefined;
  sample: Sampler;
  openStore(): Promise<StateStore>;
  /** Is told how far Nova's clock is ahead of ours. */
  onClock(aheadMs: number): void;
  /** Is told what the user sees. */
  onCloud(cloud: MeteredCloud): void;
}

/**
 * Reads projects and usage up to now and folds it in, window by window. Throws without folding what is not complete. The
 * last window and the samples at its end are written together: a state is large, and one write is what a refresh needs.
 */
export type Refresher = () => Promise<Snapshot>;

export function createRefresher(options: RefreshOptions): Refresher {
  const { settings, gpus, clock } = options;
  const foldUsage = createUsageFolder({ ...options, gpus: gpus?.servers });
  return async () => {
    const startedMs = clock.nowMs();
    const draft = draftState(await options.openStore());
    const cloud = await options.readCloud(countedBefore(draft.current(), startedMs));
    options.onCloud(cloud);
    if (gpus !== undefined) await readGpus(gpus.flavors, draft);
    const evidence = await options.readClock();
    if (evidence !== undefined) options.onClock(clockSkew(evidence));
    await foldUsage(cloud, evidence, draft);
    await takeSample(cloud, draft, options);
    await draft.save();
    const state = draft.current();
    gpus?.servers.keep(state.meter.servers);
    return snapshotOf(state, cloud, settings, { startedMs, completedMs: clock.nowMs() });
  };
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

/** GPUs that could not be counted when they were used are, as soon as it can be read what they are. */
async function readGpus(flavors: GpuCounting, draft: StateDraft): Promise<void> {
  const before = draft.current();
  const flavorGpus = await flavors(before.flavorGpus);
  const meter = settleFlavors(before.meter, flavorGpus);
  if (meter === before.meter && flavorGpus === before.flavorGpus) return;
  draft.change({ ...before, meter, flavorGpus });
  await draft.save(); // a flavor may be gone when a refresh that fails is tried again
}

/** What has no history is sampled up to the instant of the totals, so that all readings are of one instant. */
async function takeSample(
  { projects, views }: MeteredCloud,
  draft: StateDraft,
  { sample, settings: { split } }: RefreshOptions,
): Promise<void> {
  const before = draft.current();
  const sampled = await sample(before.sampled, { views, untilMs: before.meter.untilMs });
  if ([...sampled].every(([resource, state]) => before.sampled.get(resource) === state)) return;
  draft.change(withNames({ ...before, sampled }, before, projects, split));
}

/**
 * Nobody can tell a user without further rights whether a project is deleted or its role in it is gone. Either stops
 * the other projects for no longer than a server may be absent.
 */
export function countedBefore({ meter, allProjects }: ExporterState, nowMs: number): Counted {
  const servers = nowMs - meter.untilMs > ABSENCE_MS ? [] : [...meter.servers.values()];
  const running = servers.filter(({ absentSinceMs }) => absentSinceMs === undefined);
  return { allProjects, projects: new Set(running.map(({ projectId }) => projectId)) };
}

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Snapshot } from './exposition.ts';
import type { GpuCounting } from './gpu-counting.ts';
import { readMeteredCloud, type Counted, type MeteredCloud } from './metered-cloud.ts';
import { foldWindow, type FoldInput } from './metering/fold.ts';
import type { MeterState, ServerLife } from './metering/meter-state.ts';
import { partName, splitPool, type PoolSplit, type PoolValues } from './metering/pool.ts';
import { settleFlavors } from './metering/unread-flavors.ts';
import {
  askedEnd,
  clockSkew,
  nextWindow,
  reachedByNova,
  settledEnd,
  settledUntil,
  type ClockEvidence,
  type Window,
} from './metering/window.ts';
import type { DomainFilter, Project } from './openstack/keystone.ts';
import { readNovaClock } from './openstack/nova-clock.ts';
import { readProjectServers, readServer } from './openstack/nova-servers.ts';
import type { ServerUsage } from './openstack/nova-usage.ts';
import type { Session } from './openstack/session.ts';
import type { Sampler } from './sampling.ts';
import { draftState, type StateDraft } from './state-draft.ts';
import type { ExporterState } from './state-format.ts';
import type { StateStore } from './state-store.ts';

interface RefreshSettings {
  domains: DomainFilter;
  settlingDelayMs: number;
  /** The longest window that is asked for at once. */
  longestWindowMs: number;
  /** Servers a page; Nova's own limit where undefined. */
  pageSize: number | undefined;
  /** A project whose usage is shown by the value of a metadata key. */
  split: PoolSplit | undefined;
}

export interface RefreshOptions {
  settings: RefreshSettings;
  /** Undefined where GPUs are not asked for. */
  gpus: GpuCounting | undefined;
  sample: Sampler;
  session: Session;
  openStore(): Promise<StateStore>;
  clock: Clock;
  logger: Logger;
  /** Is told how many servers were given up. */
  onDropped(servers: number): void;
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
  const { settings, session, clock } = options;
  /** Of Nova's clock, by its last answer. */
  let evidence: ClockEvidence | undefined;

  async function foldUpTo(targetMs: number, cloud: MeteredCloud, draft: StateDraft): Promise<void> {
    const values = await readPoolValues(cloud, draft);
    for (;;) {
      const window = nextWindow(draft.current().meter.untilMs, targetMs, settings.longestWindowMs);
      if (window === undefined) return;
      const endMs = await foldOne(window, targetMs, { cloud, values }, draft);
      if (endMs < window.endMs) return; // Nova's clock is behind: that is all there is for now
      if (endMs === targetMs) return;
      await draft.save(); // so that a long catch-up goes on from here if it breaks off
      reportProgress(endMs, targetMs, options.logger);
    }
  }

  /** The latest instant that both clocks have reached: one that jumps ahead must not count what is still to come. */
  function certainNowMs(): number {
    const nowMs = clock.nowMs();
    return Math.min(nowMs, reachedByNova(evidence, nowMs));
  }

  async function readPoolValues(cloud: MeteredCloud, draft: StateDraft): Promise<PoolValues> {
    if (settings.split === undefined) return new Map();
    const { projectId, metadataKey } = settings.split;
    const { pageSize } = settings;
    const deletedSinceMs = draft.current().meter.untilMs;
    const { allProjects } = cloud;
    const query = { allProjects, projectId, deletedSinceMs, pageSize };
    const servers = await readProjectServers(sessionFor(projectId, cloud), query);
    return new Map(servers.map(({ id, metadata }) => [id, metadata[metadataKey]]));
  }

  /** A server that usage has and the list has not was made since, or its cell was down: Nova says nothing of that. */
  async function completeValues(
    usages: readonly ServerUsage[],
    { cloud, values }: Reading,
    draft: StateDraft,
  ): Promise<PoolValues> {
    const { split } = settings;
    const { servers: remembered } = draft.current().meter;
    const isUnknown = ({ id, projectId }: ServerUsage) =>
      split !== undefined && projectId === split.projectId && !values.has(id) && !remembered.has(id);
    const unknown = usages.filter(isUnknown);
    if (split === undefined || unknown.length === 0) return values;
    const complete = new Map([...values, ...(await readPoolValues(cloud, draft))]);
    for (const { id } of unknown.filter((server) => !complete.has(server.id))) {
      const server = await readServer(sessionFor(split.projectId, cloud), id);
      complete.set(id, server?.metadata[split.metadataKey]);
    }
    return complete;
  }

  /** Returns the end up to which the window was folded in. */
  async function foldOne(
    window: Window,
    targetMs: number,
    reading: Reading,
    draft: StateDraft,
  ): Promise<number> {
    const { cloud } = reading;
    const { pageSize, settlingDelayMs } = settings;
    const askedEndMs = askedEnd(window.endMs, targetMs, reachedByNova(evidence, clock.nowMs()));
    const answer = await cloud.readUsage({ startMs: window.startMs, endMs: askedEndMs, pageSize });
    const { timing, stopMs } = answer;
    evidence = timing;
    const endMs = settledEnd({ windowEndMs: window.endMs, askedEndMs, settlingDelayMs }, timing, stopMs);
    if (endMs > window.startMs) {
      const values = await completeValues(answer.servers, reading, draft);
      const servers = livesOf(answer.servers, values, draft);
      const novaNowMs = timing.sentMs + clockSkew(timing);
      foldAnswer({ servers, endMs, novaNowMs }, cloud, draft);
    }
    return endMs;
  }

  function livesOf(usages: readonly ServerUsage[], values: PoolValues, draft: StateDraft): ServerLife[] {
    const { meter, flavorGpus } = draft.current();
    const lives = usages.map((usage) => serverLife(usage, options.gpus && flavorGpus));
    return settings.split === undefined ? lives : splitPool(lives, settings.split, values, meter.servers);
  }

  function foldAnswer(input: FoldInput, { projects, allProjects }: MeteredCloud, draft: StateDraft): void {
    const before = draft.current();
    const { state, dropped } = foldWindow(before.meter, input);
    const after = { ...before, meter: state, allProjects: before.allProjects || allProjects };
    draft.change(withNames(after, projects), () => options.onDropped(dropped));
  }

  /** GPUs that could not be counted when they were used are, as soon as it can be read what they are. */
  async function readGpus(draft: StateDraft): Promise<void> {
    if (options.gpus === undefined) return;
    const before = draft.current();
    const flavorGpus = await options.gpus(before.flavorGpus);
    const meter = settleFlavors(before.meter, flavorGpus);
    if (meter === before.meter && flavorGpus === before.flavorGpus) return;
    draft.change({ ...before, meter, flavorGpus });
    await draft.save(); // a flavor may be gone when a refresh that fails is tried again
  }

  /** What has no history is sampled up to the instant of the totals, so that all readings are of one instant. */
  async function sample({ views }: MeteredCloud, draft: StateDraft): Promise<void> {
    const before = draft.current();
    const input = { views, untilMs: before.meter.untilMs };
    const sampled = await options.sample(before.sampled, input);
    if ([...sampled].some(([resource, state]) => before.sampled.get(resource) !== state))
      draft.change({ ...before, sampled });
  }

  return async () => {
    const startedMs = clock.nowMs();
    const draft = draftState(await options.openStore());
    const cloud = await readMeteredCloud(session, settings.domains, countedBefore(draft.current()));
    options.onCloud(cloud);
    await readGpus(draft);
    evidence = await readNovaClock(session);
    if (evidence !== undefined) options.onClock(clockSkew(evidence));
    await foldUpTo(settledUntil(certainNowMs(), settings.settlingDelayMs), cloud, draft);
    await sample(cloud, draft);
    await draft.save();
    const completedMs = clock.nowMs();
    const durationMs = Math.max(0, completedMs - startedMs);
    const { meter, sampled } = draft.current();
    return {
      meter,
      sampled,
      projects: withParts(cloud.projects, meter, settings.split),
      completedMs,
      durationMs,
    };
  };
}

export function countedBefore({ meter, allProjects }: ExporterState): Counted {
  return { allProjects, projects: new Set([...meter.servers.values()].map(({ projectId }) => projectId)) };
}

/** The session that sees the project. */
function sessionFor(projectId: string, { views }: MeteredCloud): Session {
  const [first, ...others] = views;
  return others.find(({ projects }) => projects.some(({ id }) => id === projectId))?.session ?? first.session;
}

/** What one refresh goes by. */
interface Reading {
  cloud: MeteredCloud;
  values: PoolValues;
}

/** @param flavorGpus by the name of the flavor; undefined where GPUs are not asked for. */
function serverLife(usage: ServerUsage, flavorGpus: ReadonlyMap<string, number> | undefined): ServerLife {
  const { id, projectId, launchedMs, endedMs, vcpus, memoryMb, diskGb } = usage;
  const amounts = { vcpu: vcpus, mb: memoryMb, disk_gb: diskGb, instance: 1 };
  return { id, projectId, launchedMs, endedMs, amounts: { ...amounts, ...gpusOf(usage, flavorGpus) } };
}

function gpusOf(
  { flavorName }: ServerUsage,
  flavorGpus: ReadonlyMap<string, number> | undefined,
): Pick<ServerLife['amounts'], 'gpu' | 'unreadFlavor'> {
  if (flavorGpus === undefined) return {};
  const gpu = flavorGpus.get(flavorName);
  if (gpu === undefined) return { unreadFlavor: flavorName };
  return gpu === 0 ? {} : { gpu };
}

/** The pool's parts stand behind it, as projects with the metadata's value as their name. */
function withParts(
  projects: readonly Project[],
  { totals }: MeterState,
  split: PoolSplit | undefined,
): readonly Project[] {
  const pool = projects.find(({ id }) => id === split?.projectId);
  if (pool === undefined) return projects;
  const parts = [...totals.keys()].sort().flatMap((id) => {
    const name = partName(pool.id, id);
    return name === undefined ? [] : [{ id, name, domain: pool.domain }];
  });
  return projects.flatMap((project) => (project === pool ? [pool, ...parts] : [project]));
}

/** Names of projects with usage, as Keystone has them now, or had them when it last knew them. */
function withNames(state: ExporterState, projects: readonly Project[]): ExporterState {
  const { meter, names } = state;
  const next = new Map([...names].filter(([id]) => meter.totals.has(id)));
  for (const { id, name, domain } of projects) {
    if (meter.totals.has(id)) next.set(id, { name, domainId: domain.id, domainName: domain.name });
  }
  return { ...state, names: next };
}

function reportProgress(untilMs: number, targetMs: number, logger: Logger): void {
  const until = new Date(untilMs).toISOString();
  logger.info({ until, target: new Date(targetMs).toISOString() }, 'catching up');
}

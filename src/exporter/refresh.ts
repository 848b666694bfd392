import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Snapshot } from './exposition.ts';
import type { GpuCounting } from './gpu-counting.ts';
import { readMeteredCloud, type MeteredCloud } from './metered-cloud.ts';
import { foldWindow, type FoldInput } from './metering/fold.ts';
import type { MeterState, ServerLife } from './metering/meter-state.ts';
import { partName, splitPool, type PoolSplit, type PoolValues } from './metering/pool.ts';
import { askedEnd, clockSkew, nextWindow, settledEnd, settledUntil, type Window } from './metering/window.ts';
import type { DomainFilter, Project } from './openstack/keystone.ts';
import { readProjectServers } from './openstack/nova-servers.ts';
import type { ServerUsage } from './openstack/nova-usage.ts';
import type { Session } from './openstack/session.ts';
import type { Sampler } from './sampling.ts';
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
  /** Is told what the user sees. */
  onCloud(cloud: MeteredCloud): void;
}

/** Reads projects and usage up to now and folds it in, window by window. Throws without folding what is not complete. */
export type Refresher = () => Promise<Snapshot>;

export function createRefresher(options: RefreshOptions): Refresher {
  const { settings, session, clock } = options;
  /** Of Nova's clock, as its last answer had it. */
  let skewMs = 0;

  async function foldUpTo(targetMs: number, cloud: MeteredCloud, store: StateStore): Promise<void> {
    const values = await readPoolValues(cloud, store);
    for (;;) {
      const window = nextWindow(store.current().meter.untilMs, targetMs, settings.longestWindowMs);
      if (window === undefined) return;
      const endMs = await foldOne(window, targetMs, { cloud, values }, store);
      if (endMs < window.endMs) return; // Nova's clock is behind: that is all there is for now
      if (endMs < targetMs) reportProgress(endMs, targetMs, options.logger);
    }
  }

  /** Read before usage: a server that is made between the two is the pool's own until the next refresh. */
  async function readPoolValues({ allProjects }: MeteredCloud, store: StateStore): Promise<PoolValues> {
    if (settings.split === undefined) return new Map();
    const { projectId, metadataKey } = settings.split;
    const { pageSize } = settings;
    const deletedSinceMs = store.current().meter.untilMs;
    const servers = await readProjectServers(session, { allProjects, projectId, deletedSinceMs, pageSize });
    return new Map(servers.map(({ id, metadata }) => [id, metadata[metadataKey]]));
  }

  /** Returns the end up to which the window was folded in. */
  async function foldOne(
    window: Window,
    targetMs: number,
    { cloud, values }: { cloud: MeteredCloud; values: PoolValues },
    store: StateStore,
  ): Promise<number> {
    const { pageSize, settlingDelayMs } = settings;
    const askedEndMs = askedEnd(window.endMs, targetMs, clock.nowMs() + skewMs);
    const answer = await cloud.readUsage({ startMs: window.startMs, endMs: askedEndMs, pageSize });
    const { timing, stopMs } = answer;
    skewMs = clockSkew(timing);
    const endMs = settledEnd({ windowEndMs: window.endMs, askedEndMs, settlingDelayMs }, timing, stopMs);
    if (endMs > window.startMs) {
      const servers = livesOf(answer.servers, values, store);
      await foldAnswer({ servers, endMs, novaNowMs: timing.sentMs + skewMs }, cloud.projects, store);
    }
    return endMs;
  }

  function livesOf(usages: readonly ServerUsage[], values: PoolValues, store: StateStore): ServerLife[] {
    const { servers: remembered } = store.current().meter;
    const lives = usages.map((usage) =>
      serverLife(usage, options.gpus?.gpusOf(usage.flavorName, remembered.get(usage.id)) ?? 0),
    );
    return settings.split === undefined ? lives : splitPool(lives, settings.split, values, remembered);
  }

  async function foldAnswer(
    input: FoldInput,
    projects: readonly Project[],
    store: StateStore,
  ): Promise<void> {
    const { meter, ...rest } = store.current();
    const { state, dropped } = foldWindow(meter, input);
    await store.save(withNames({ ...rest, meter: state }, projects));
    options.onDropped(dropped);
  }

  /** What has no history is sampled up to the instant of the totals, so that all readings are of one instant. */
  async function sample({ projects, allProjects }: MeteredCloud, store: StateStore): Promise<void> {
    const before = store.current();
    const input = { projects, allProjects, untilMs: before.meter.untilMs };
    const sampled = await options.sample(before.sampled, input);
    if ([...sampled].some(([resource, state]) => before.sampled.get(resource) !== state))
      await store.save({ ...before, sampled });
  }

  return async () => {
    const startedMs = clock.nowMs();
    const store = await options.openStore();
    const cloud = await readMeteredCloud(session, settings.domains, countedProjects(store.current()));
    options.onCloud(cloud);
    await options.gpus?.refresh();
    await foldUpTo(settledUntil(clock.nowMs() + skewMs, settings.settlingDelayMs), cloud, store);
    await sample(cloud, store);
    const completedMs = clock.nowMs();
    const durationMs = Math.max(0, completedMs - startedMs);
    const { meter, sampled } = store.current();
    return {
      meter,
      sampled,
      projects: withParts(cloud.projects, meter, settings.split),
      completedMs,
      durationMs,
    };
  };
}

export function countedProjects({ meter }: ExporterState): Iterable<string> {
  return new Set([...meter.totals.keys(), ...[...meter.servers.values()].map(({ projectId }) => projectId)]);
}

function serverLife(usage: ServerUsage, gpu: number): ServerLife {
  const { id, projectId, launchedMs, endedMs, vcpus, memoryMb, diskGb } = usage;
  const amounts = { vcpu: vcpus, mb: memoryMb, disk_gb: diskGb, instance: 1 };
  return { id, projectId, launchedMs, endedMs, amounts: gpu === 0 ? amounts : { ...amounts, gpu } };
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
function withNames({ meter, names, sampled }: ExporterState, projects: readonly Project[]): ExporterState {
  const next = new Map([...names].filter(([id]) => meter.totals.has(id)));
  for (const { id, name, domain } of projects) {
    if (meter.totals.has(id)) next.set(id, { name, domainId: domain.id, domainName: domain.name });
  }
  return { meter, sampled, names: next };
}

function reportProgress(untilMs: number, targetMs: number, logger: Logger): void {
  const until = new Date(untilMs).toISOString();
  logger.info({ until, target: new Date(targetMs).toISOString() }, 'catching up');
}

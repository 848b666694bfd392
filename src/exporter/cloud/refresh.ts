import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Snapshot } from '../exposition/exposition.ts';
import type { GpuCounting } from './gpu-counting.ts';
import { readMeteredCloud, type Counted, type MeteredCloud } from './metered-cloud.ts';
import { ABSENCE_MS, foldWindow, type FoldInput } from '../metering/fold.ts';
import type { ServerLife } from '../metering/meter-state.ts';
import { splitPool, type PoolValues } from '../metering/pool.ts';
import { settleFlavors } from '../metering/unread-flavors.ts';
import {
  askedEnd,
  clockSkew,
  nextWindow,
  reachedByNova,
  settledEnd,
  settledUntil,
  type ClockEvidence,
  type Window,
} from '../metering/window.ts';
import { readNovaClock } from '../openstack/nova-clock.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';
import type { Session } from '../openstack/session/session.ts';
import { completePoolValues, readPoolValues, type PoolSettings } from './pool-reading.ts';
import type { Sampler } from './sampling.ts';
import type { ServerGpus } from './server-gpus.ts';
import { serverLife } from './server-lives.ts';
import { shownProjects, withNames, type ShownSettings } from './shown-projects.ts';
import { draftState, type StateDraft } from '../state/state-draft.ts';
import type { ExporterState } from '../state/state-format.ts';
import type { StateStore } from '../state/state-store.ts';

interface RefreshSettings extends PoolSettings, ShownSettings {
  settlingDelayMs: number;
  /** The longest window that is asked for at once. */
  longestWindowMs: number;
}

export interface RefreshOptions {
  settings: RefreshSettings;
  /** Those of today's flavors, and of servers' own; undefined where GPUs are not asked for. */
  gpus: { flavors: GpuCounting; servers: ServerGpus } | undefined;
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
    const values = await readPoolValues(settings, cloud);
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

  /** Returns the end up to which the window was folded in. */
  async function foldOne(
    window: Window,
    targetMs: number,
    input: RefreshInput,
    draft: StateDraft,
  ): Promise<number> {
    const { cloud, values: known } = input;
    const { pageSize, settlingDelayMs } = settings;
    const askedEndMs = askedEnd(window.endMs, targetMs, reachedByNova(evidence, clock.nowMs()));
    const answer = await cloud.readUsage({ startMs: window.startMs, endMs: askedEndMs, pageSize });
    const { timing, stopMs } = answer;
    evidence = timing;
    const endMs = settledEnd({ windowEndMs: window.endMs, askedEndMs, settlingDelayMs }, timing, stopMs);
    if (endMs > window.startMs) {
      const { meter } = draft.current();
      const values = await completePoolValues(known, answer.servers, settings, cloud, meter);
      await options.gpus?.servers.learn({ servers: answer.servers, startMs: window.startMs }, cloud);
      const servers = livesOf(answer.servers, values, draft);
      const novaNowMs = timing.sentMs + clockSkew(timing);
      foldAnswer({ servers, endMs, novaNowMs }, cloud, draft);
    }
    return endMs;
  }

  function livesOf(usages: readonly ServerUsage[], values: PoolValues, draft: StateDraft): ServerLife[] {
    const { meter, flavorGpus } = draft.current();
    const { gpus } = options;
    const known = gpus && {
      flavorGpus,
      servers: meter.servers,
      gpusOf: (usage: ServerUsage) => gpus.servers.gpusOf(usage),
    };
    const lives = usages.map((usage) => serverLife(usage, known));
    return settings.split === undefined ? lives : splitPool(lives, settings.split, values, meter.servers);
  }

  function foldAnswer(input: FoldInput, { projects, allProjects }: MeteredCloud, draft: StateDraft): void {
    const before = draft.current();
    const { state, dropped } = foldWindow(before.meter, input);
    const after = { ...before, meter: state, allProjects: before.allProjects || allProjects };
    draft.change(withNames(after, before, projects, settings.split), () => options.onDropped(dropped));
  }

  /** GPUs that could not be counted when they were used are, as soon as it can be read what they are. */
  async function readGpus(draft: StateDraft): Promise<void> {
    if (options.gpus === undefined) return;
    const before = draft.current();
    const flavorGpus = await options.gpus.flavors(before.flavorGpus);
    const meter = settleFlavors(before.meter, flavorGpus);
    if (meter === before.meter && flavorGpus === before.flavorGpus) return;
    draft.change({ ...before, meter, flavorGpus });
    await draft.save(); // a flavor may be gone when a refresh that fails is tried again
  }

  /** What has no history is sampled up to the instant of the totals, so that all readings are of one instant. */
  async function sample({ projects, views }: MeteredCloud, draft: StateDraft): Promise<void> {
    const before = draft.current();
    const input = { views, untilMs: before.meter.untilMs };
    const sampled = await options.sample(before.sampled, input);
    if ([...sampled].every(([resource, state]) => before.sampled.get(resource) === state)) return;
    draft.change(withNames({ ...before, sampled }, before, projects, settings.split));
  }

  return async () => {
    const startedMs = clock.nowMs();
    const draft = draftState(await options.openStore());
    const cloud = await readMeteredCloud(
      session,
      settings.domains,
      countedBefore(draft.current(), startedMs),
    );
    options.onCloud(cloud);
    await readGpus(draft);
    evidence = await readNovaClock(session);
    if (evidence !== undefined) options.onClock(clockSkew(evidence));
    await foldUpTo(settledUntil(certainNowMs(), settings.settlingDelayMs), cloud, draft);
    await sample(cloud, draft);
    await draft.save();
    const completedMs = clock.nowMs();
    const durationMs = Math.max(0, completedMs - startedMs);
    const state = draft.current();
    const { meter, sampled } = state;
    options.gpus?.servers.keep(meter.servers);
    const projects = shownProjects(cloud.projects, state, settings);
    return { meter, sampled, projects, completedMs, durationMs };
  };
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

/** What one refresh goes by. */
interface RefreshInput {
  cloud: MeteredCloud;
  values: PoolValues;
}

function reportProgress(untilMs: number, targetMs: number, logger: Logger): void {
  const until = new Date(untilMs).toISOString();
  logger.info({ until, target: new Date(targetMs).toISOString() }, 'catching up');
}

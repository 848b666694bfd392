import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import { newMeterState } from '../metering/meter-state.ts';
import type { ClockEvidence } from '../metering/window.ts';
import type { Project } from '../openstack/keystone.ts';
import {
  readServerUsage,
  type ServerUsage,
  type UsageAnswer,
  type UsageQuery,
} from '../openstack/nova-usage.ts';
import type { Session } from '../openstack/session/session.ts';
import type { ExporterState } from '../state/state-format.ts';
import type { MeteredCloud } from './metered-cloud.ts';
import { refreshTotals, type RefreshParts } from './refresh.ts';

const START_MS = Date.UTC(2026, 0, 1, 12);
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const DELAY = 60 * SECOND;

const domain = { id: 'd', name: 'Physics' };
const project = (id: string, of = domain): Project => ({ id, name: `project ${id}`, domain: of });

/** A server of one vCPU that runs from the start. */
function server(id: string, projectId: string, endedMs?: number): ServerUsage {
  const sizes = { vcpus: 1, memoryMb: 1, diskGb: 1 };
  return { id, projectId, launchedMs: START_MS, endedMs, flavorName: 'f', state: 'active', ...sizes };
}

type Settings = RefreshParts['settings'];

const SETTINGS: Settings = {
  settlingDelayMs: DELAY,
  longestWindowMs: DAY,
  split: undefined,
  pageSize: undefined,
  domains: { names: [], ids: [] },
  keepDeletedMs: 7 * DAY,
};

/** A store in memory with all written states. Its disk can be full. */
function memoryStore() {
  let state: ExporterState = {
    meter: newMeterState('e1', START_MS),
    allProjects: false,
    names: new Map(),
    sampled: new Map(),
    flavorGpus: new Map(),
  };
  const written: ExporterState[] = [];
  const full = { disk: false };
  const save = async (next: ExporterState) => {
    await Promise.resolve();
    if (next === state) return;
    if (full.disk) throw new Error('ENOSPC');
    written.push(next);
    state = next;
  };
  return { written, full, current: () => state, save, close: async () => await Promise.resolve() };
}

/** The refreshes of a cloud of plain data: projects, servers, clock and failures. */
function site(settings: Partial<Settings> = {}, store = memoryStore()) {
  const clock = { nowMs: () => cloud.nowMs, sleep: async () => await Promise.resolve() };
  const queries: UsageQuery[] = [];
  const cloud = {
    nowMs: START_MS,
    novaAheadMs: 0,
    projects: [project('p'), project('q')],
    servers: [server('s1', 'p'), server('s2', 'q')],
    failing: undefined as 'projects' | 'clock' | 'usage' | undefined,
    /** Replaces Nova's answer. */
    answer: undefined as ((query: UsageQuery) => Promise<UsageAnswer>) | undefined,
  };
  const failWhere = (what: typeof cloud.failing) => {
    if (cloud.failing === what) throw new Error(`${what}: 503`);
  };
  const timing = (): ClockEvidence => {
    const { nowMs, novaAheadMs } = cloud;
    return { sentMs: nowMs, receivedMs: nowMs, dateMs: nowMs + novaAheadMs };
  };
  const readUsage = async (query: UsageQuery) => {
    queries.push(query);
    await Promise.resolve();
    failWhere('usage');
    const ran = cloud.servers.filter(({ endedMs = Infinity }) => endedMs > query.startMs);
    return (await cloud.answer?.(query)) ?? { servers: ran, stopMs: undefined, timing: timing() };
  };
  const readCloud = async (): Promise<MeteredCloud> => {
    await Promise.resolve();
    failWhere('projects');
    const { projects } = cloud;
    const session = {} as Session; // nothing is sampled and no pool is split
    return { allProjects: true, projects, views: [{ session, allProjects: true, projects }], readUsage };
  };
  const told = { dropped: 0, aheadMs: 0 };
  const parts: RefreshParts = {
    settings: { ...SETTINGS, ...settings },
    readCloud,
    readClock: async () => {
      await Promise.resolve();
      failWhere('clock');
      return timing();
    },
    gpus: undefined,
    histories: undefined,
    sample: async (before) => await Promise.resolve(before),
    openStore: async () => await Promise.resolve(store),
    clock,
    logger: silentLogger(),
    onServerHours: () => undefined,
    onDropped: (servers) => (told.dropped += servers),
    onClock: (aheadMs) => (told.aheadMs = aheadMs),
    onCloud: () => undefined,
  };
  /** Lets time pass, refreshes, and returns the ids of the shown projects. */
  const refreshAfter = async (durationMs: number) => {
    cloud.nowMs += durationMs;
    return (await refreshTotals(parts)).projects.map(({ id }) => id);
  };
  const until = () => store.current().meter.untilMs - START_MS;
  const instances = (id: string) => Number(store.current().meter.totals.get(id)?.instance ?? 0n);
  return { cloud, store, queries, told, refreshAfter, until, instances };
}

describe('a refresh asks only for the time since the last refresh (M1)', () => {
  it('and writes the totals together with their instant', async () => {
    const { store, queries, refreshAfter } = site();
    await refreshAfter(HOUR);
    await refreshAfter(HOUR);
    expect(queries.map(({ startMs }) => startMs - START_MS)).toEqual([0, HOUR - DELAY]);
    const written = store.written.map(({ meter: { untilMs, totals } }) => [
      untilMs - START_MS,
      totals.get('p')?.instance,
    ]);
    expect(written).toEqual([
      [HOUR - DELAY, BigInt(HOUR - DELAY)],
      [2 * HOUR - DELAY, BigInt(2 * HOUR - DELAY)],
    ]);
  });

  it('and continues after the last complete window of a broken catch-up', async () => {
    const { cloud, queries, refreshAfter, until, instances } = site({ longestWindowMs: 6 * HOUR });
    cloud.answer = async ({ startMs }) => {
      if (startMs >= START_MS + 12 * HOUR) throw new Error('503');
      const timing = { sentMs: cloud.nowMs, receivedMs: cloud.nowMs, dateMs: cloud.nowMs };
      return await Promise.resolve({ servers: cloud.servers, stopMs: undefined, timing });
    };
    await expect(refreshAfter(20 * HOUR)).rejects.toThrow('503');
    expect([until(), instances('p')]).toEqual([12 * HOUR, 12 * HOUR]);
    cloud.answer = undefined;
    await refreshAfter(0);
    expect(queries.at(-2)?.startMs).toBe(START_MS + 12 * HOUR);
    expect([until(), instances('p')]).toEqual([20 * HOUR - DELAY, 20 * HOUR - DELAY]);
  });
});

describe('a failed refresh folds nothing (M2)', () => {
  it.each(['projects', 'clock', 'usage'] as const)(
    'if %s cannot be read, and the next refresh counts the longer window',
    async (what) => {
      const { cloud, store, refreshAfter, until, instances } = site();
      await refreshAfter(HOUR);
      const before = store.current();
      cloud.failing = what;
      await expect(refreshAfter(HOUR)).rejects.toThrow(`${what}: 503`);
      expect([store.current(), store.written.length]).toEqual([before, 1]);
      cloud.failing = undefined;
      await refreshAfter(HOUR);
      expect([until(), instances('p')]).toEqual([3 * HOUR - DELAY, 3 * HOUR - DELAY]);
    },
  );

  it('and reports the servers that it gives up only after it has written the state', async () => {
    const { cloud, store, told, refreshAfter } = site();
    await refreshAfter(HOUR);
    cloud.servers = [server('s2', 'q')];
    await refreshAfter(HOUR);
    store.full.disk = true;
    await expect(refreshAfter(2 * DAY)).rejects.toThrow('ENOSPC');
    expect(told.dropped).toBe(0);
    store.full.disk = false;
    await refreshAfter(0);
    await refreshAfter(HOUR);
    expect(told.dropped).toBe(1);
  });
});

describe('an answer is complete, or the refresh fails (M4)', () => {
  const stop = '2026-01-01T13:00:00.000000';
  const page = (id: string, projectId: string) => {
    const sizes = { vcpus: 1, memory_mb: 1, local_gb: 1 };
    const one = {
      instance_id: id,
      flavor: 'f',
      state: 'active',
      started_at: '2026-01-01T12:00:00.000000',
      ended_at: null,
    };
    return { tenant_id: projectId, stop, server_usages: [{ ...one, ...sizes }] };
  };
  const next = { rel: 'next', href: 'http://nova/os-simple-tenant-usage?marker=s1' };
  const first = { tenant_usages: [page('s1', 'p')], tenant_usages_links: [next] };
  const second = { tenant_usages: [page('s2', 'q')] };

  /** A Nova that answers these pages in turn, and then breaks off. */
  function pages(bodies: readonly object[], spoken = 'compute 2.40') {
    const left = [...bodies];
    const get: Session['get'] = async () => {
      await Promise.resolve();
      const body = left.shift();
      if (body === undefined) throw new Error('broken off');
      const timing = { sentMs: START_MS + HOUR, receivedMs: START_MS + HOUR, dateMs: START_MS + HOUR };
      return {
        status: 200,
        headers: { 'openstack-api-version': spoken },
        body,
        timing,
      };
    };
    return async (query: UsageQuery) => await readServerUsage({ get } as Session, query);
  }

  it.each([
    ['breaks off after the first page', pages([first]), 'broken off'],
    ['has a page that is cut', pages([first, { tenant_usages: [{}] }]), "Nova's usage"],
    ['is in another microversion', pages([first, second], 'compute 2.1'), 'microversion'],
  ])('if it %s', async (_, answer, message) => {
    const { cloud, store, refreshAfter, instances } = site();
    cloud.answer = answer;
    await expect(refreshAfter(HOUR)).rejects.toThrow(message);
    expect(store.written).toEqual([]);
    cloud.answer = pages([first, second]);
    await refreshAfter(0);
    expect([instances('p'), instances('q')]).toEqual([HOUR - DELAY, HOUR - DELAY]);
  });
});

describe('a refresh counts up to a settling delay behind the clock of Nova (M5)', () => {
  it.each([
    ['behind ours', -600 * SECOND, HOUR - 600 * SECOND - DELAY],
    ['ahead of ours, but never beyond our own clock', 48 * HOUR, HOUR - DELAY],
  ])('which is %s', async (_, aheadMs, expected) => {
    const { cloud, told, refreshAfter, until, instances } = site();
    cloud.novaAheadMs = aheadMs;
    await refreshAfter(HOUR);
    expect([until(), instances('p')]).toEqual([expected, expected]);
    expect(Math.abs(told.aheadMs - aheadMs)).toBeLessThan(SECOND); // Nova's date is in whole seconds
  });

  it('and counts nothing twice when that clock goes back', async () => {
    const { cloud, store, refreshAfter, until, instances } = site();
    await refreshAfter(2 * HOUR);
    cloud.novaAheadMs = -HOUR;
    await refreshAfter(60 * SECOND);
    expect([until(), store.written.length]).toEqual([2 * HOUR - DELAY, 1]);
    cloud.novaAheadMs = 0;
    await refreshAfter(0);
    expect([until(), instances('p')]).toEqual([2 * HOUR, 2 * HOUR]);
  });
});

describe('the totals of a project last (M7)', () => {
  it('when Keystone does not list it any more, and are shown for some days', async () => {
    const { cloud, refreshAfter, instances } = site({ keepDeletedMs: 3 * DAY });
    await refreshAfter(HOUR);
    cloud.projects = [project('q')];
    cloud.servers = [server('s1', 'p', cloud.nowMs), server('s2', 'q')];
    expect(await refreshAfter(2 * DAY)).toEqual(['p', 'q']);
    expect(instances('p')).toBe(HOUR);
    expect(await refreshAfter(4 * DAY)).toEqual(['q']);
    expect(instances('p')).toBe(HOUR);
  });

  it('and continue when the project returns', async () => {
    const { cloud, refreshAfter, instances } = site({ keepDeletedMs: HOUR });
    await refreshAfter(HOUR);
    cloud.projects = [project('q')];
    cloud.servers = [server('s1', 'p', cloud.nowMs), server('s2', 'q')];
    await refreshAfter(HOUR);
    expect(await refreshAfter(HOUR)).toEqual(['q']);
    cloud.projects = [project('p'), project('q')];
    cloud.servers.push({ ...server('s3', 'p'), launchedMs: cloud.nowMs });
    expect(await refreshAfter(HOUR)).toEqual(['p', 'q']);
    expect(instances('p')).toBe(2 * HOUR - DELAY);
  });

  it('but are not shown if the settings exclude the project', async () => {
    const before = site();
    before.cloud.projects = [project('p', { id: 'other', name: 'Chemistry' }), project('q')];
    await before.refreshAfter(HOUR);
    before.cloud.projects = [project('q')];
    expect(await before.refreshAfter(HOUR)).toEqual(['p', 'q']);
    const after = site({ domains: { names: ['Physics'], ids: [] } }, before.store);
    after.cloud.projects = [project('q')];
    expect(await after.refreshAfter(3 * HOUR)).toEqual(['q']);
    expect(after.instances('p')).toBe(3 * HOUR - DELAY);
  });
});

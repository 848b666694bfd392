import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import { gpuAliases } from '../metering/gpus.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';
import type { Session } from '../openstack/session/session.ts';
import { OwnMetrics } from '../exposition/own-metrics.ts';
import { ServerGpus } from './server-gpus.ts';

const usage = (id: string, more: Partial<ServerUsage> = {}): ServerUsage => {
  const sizes = { vcpus: 1, memoryMb: 1, diskGb: 1 };
  return {
    id,
    projectId: 'p',
    launchedMs: 0,
    endedMs: undefined,
    flavorName: 'g',
    state: 'active',
    ...sizes,
    ...more,
  };
};

function shown(id: string, extraSpecs: Record<string, string> | undefined, launched: string | null = null) {
  const sizes = { vcpus: 1, ram: 1, disk: 1, ephemeral: 0, swap: 0 };
  const flavor = { original_name: 'g', ...sizes, ...(extraSpecs && { extra_specs: extraSpecs }) };
  const state = {
    'OS-EXT-STS:vm_state': 'active',
    'OS-EXT-STS:task_state': null,
    updated: '2026-01-01T00:00:00Z',
  };
  return { id, tenant_id: 'p', metadata: {}, 'OS-SRV-USG:launched_at': launched, ...state, flavor };
}

/** A Nova with these servers, which notes the times since which it is asked for changes. */
function nova(servers: { all: unknown[]; changed: unknown[] }) {
  const asked: string[] = [];
  const down = { now: false };
  const get: Session['get'] = async ({ query = {} }) => {
    const since = query['changes-since']?.toString();
    asked.push(since ?? 'all');
    if (down.now) throw new Error('Nova answers 500');
    const body = { servers: since === undefined ? servers.all : servers.changed };
    const timing = { sentMs: 0, receivedMs: 0, dateMs: undefined };
    return await Promise.resolve({
      status: 200,
      headers: { 'openstack-api-version': 'compute 2.69' },
      body,
      timing,
    });
  };
  const session = { get } as unknown as Session;
  return { asked, down, cloud: { views: [{ session, allProjects: true, projects: [] }] as const } };
}

function counting() {
  const aliases = gpuAliases({ a100: 1 });
  return new ServerGpus({ aliases, logger: silentLogger(), metrics: new OwnMetrics() });
}

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const gpus = (count: number) => ({ 'pci_passthrough:alias': `a100:${count}` });

describe("the GPUs of servers' own flavors", () => {
  it('are asked for again from the instant of a failure', async () => {
    const servers = { all: [shown('s1', gpus(1))], changed: [shown('s2', gpus(2))] };
    const { asked, down, cloud } = nova(servers);
    const found = counting();
    await found.learn({ servers: [usage('s1')], startMs: 0 }, cloud);
    down.now = true;
    await found.learn({ servers: [usage('s1'), usage('s2')], startMs: 5000 }, cloud);
    expect(['s1', 's2'].map((id) => found.gpusOf(usage(id)))).toEqual([1, undefined]);
    down.now = false;
    await found.learn({ servers: [usage('s1'), usage('s2')], startMs: 9000 }, cloud);
    expect(['s1', 's2'].map((id) => found.gpusOf(usage(id)))).toEqual([1, 2]);
    expect(asked).toEqual(['all', at(5), at(5)]);
  });

  it('are known only for the launch and the flavor name that Nova showed them with', async () => {
    const { cloud } = nova({ all: [shown('s1', gpus(1), '1970-01-01T00:00:07.000000')], changed: [] });
    const found = counting();
    await found.learn({ servers: [usage('s1', { launchedMs: 7000 })], startMs: 0 }, cloud);
    expect(found.gpusOf(usage('s1', { launchedMs: 7000 }))).toBe(1);
    expect(found.gpusOf(usage('s1', { launchedMs: 8000 }))).toBeUndefined();
    expect(found.gpusOf(usage('s1', { launchedMs: 7000, flavorName: 'h' }))).toBeUndefined();
  });

  it('are unknown if Nova hides them, and are forgotten with their servers', async () => {
    const { cloud } = nova({ all: [shown('s1', gpus(1)), shown('s2', undefined)], changed: [] });
    const found = counting();
    await found.learn({ servers: [usage('s1'), usage('s2')], startMs: 0 }, cloud);
    expect(['s1', 's2'].map((id) => found.gpusOf(usage(id)))).toEqual([1, undefined]);
    found.keep(new Set());
    expect(found.gpusOf(usage('s1'))).toBeUndefined();
  });
});

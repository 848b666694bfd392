import { describe, expect, it } from 'vitest';
import { newMeterState } from '../metering/meter-state.ts';
import { stateOf } from './cloud-state.ts';
import type { Snapshot } from './exposition.ts';
import { OwnMetrics } from './own-metrics.ts';
import type { ShownCloud } from './rendering.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 1);
const domain = { id: 'd', name: 'Default' };

function snapshotOf(vcpu: bigint): Snapshot {
  const used = { vcpu, mb: 0n, disk_gb: 0n, instance: 0n };
  return {
    meter: { ...newMeterState('e1', START), untilMs: START + MINUTE_MS, totals: new Map([['p1', used]]) },
    sampled: new Map(),
    projects: [{ id: 'p1', name: 'one', domain }],
    completedMs: START,
    durationMs: 0,
  };
}

function cloudOf(change: (metrics: OwnMetrics) => void, others: Partial<ShownCloud> = {}): string[] {
  const metrics = new OwnMetrics();
  change(metrics);
  const cloud = { cloud: undefined, snapshot: undefined, resources: ['vcpu'] as const, metrics, ...others };
  return stateOf(cloud).map(({ part, words, works }) => `${works ? 'ok' : 'not ok'} ${part}: ${words}`);
}

/** The history after three good refreshes and two bad ones. */
function failTwice({ refreshes }: OwnMetrics): void {
  for (let minute = 1; minute <= 3; minute += 1) refreshes.succeeded(START + minute * MINUTE_MS);
  refreshes.failed('Nova answers 503', START + 4 * MINUTE_MS);
  refreshes.failed('Nova answers 500', START + 5 * MINUTE_MS);
  refreshes.nextMs = START + 6 * MINUTE_MS;
}

describe("the state of a cloud on the exporter's page", () => {
  it('is that the first refresh runs, until it has ended', () => {
    expect(cloudOf(() => undefined)).toEqual(['ok Refreshes: the first one runs: OpenStack is being read']);
  });

  it('says since when refreshes fail, why, and what comes next', () => {
    expect(cloudOf(failTwice)).toEqual([
      'not ok Refreshes: fail since 2026-01-01 00:04:00 UTC: Nova answers 500; the last good one ended at 2026-01-01 00:03:00 UTC; the next one starts at 2026-01-01 00:06:00 UTC',
    ]);
  });

  it('says that no refresh has ever succeeded', () => {
    expect(cloudOf(({ refreshes }) => refreshes.failed('Nova is away', START))).toEqual([
      'not ok Refreshes: fail since 2026-01-01 00:00:00 UTC: Nova is away; none succeeded yet',
    ]);
  });

  it('tells good refreshes without usage from none', () => {
    const recover = (metrics: OwnMetrics) => {
      failTwice(metrics);
      metrics.refreshes.succeeded(START + 6 * MINUTE_MS);
      metrics.refreshes.nextMs = undefined;
    };
    const refreshes =
      'ok Refreshes: 4 succeeded since the start; the last good one ended at 2026-01-01 00:06:00 UTC';
    const period = 'from 2026-01-01 00:00:00 UTC until 2026-01-01 00:01:00 UTC';
    expect(cloudOf(recover, { snapshot: snapshotOf(0n) })).toEqual([
      refreshes,
      `ok Usage: none yet: 1 project used nothing ${period}`,
    ]);
    expect(cloudOf(recover, { snapshot: snapshotOf(1n) })).toEqual([
      refreshes,
      `ok Usage: of 1 project ${period}`,
    ]);
  });

  it('says where and as whom the exporter signed in, and which resource cannot be read', () => {
    const signIn = { keystone: 'https://k:5000/v3', user: 'usage', project: 'admin', region: 'north' };
    const read = (metrics: OwnMetrics) => {
      metrics.setResource('volume_gb', { failure: 'forbidden', reason: 'Cinder answers 403' });
      metrics.setResource('floating_ip', undefined);
    };
    expect(cloudOf(read, { signIn }).slice(1)).toEqual([
      "ok Keystone: https://k:5000/v3: signed in as 'usage', project 'admin', region 'north'",
      'not ok volume_gb: cannot be read: Cinder answers 403',
      'ok floating_ip: can be read',
    ]);
    const system = { keystone: 'https://k/v3', user: 'usage', system: 'all', region: undefined };
    expect(cloudOf(() => undefined, { signIn: system })[1]).toBe(
      "ok Keystone: https://k/v3: signed in as 'usage', the whole system",
    );
  });
});

import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/exporter/cloud/connection.ts';
import { readCredentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import { OwnMetrics } from '../../src/exporter/exposition/own-metrics.ts';
import { readMeteredCloud } from '../../src/exporter/cloud/metered-cloud.ts';
import { readNovaClock } from '../../src/exporter/openstack/nova-clock.ts';
import { refreshTotals, type RefreshParts } from '../../src/exporter/cloud/refresh.ts';
import { sampler } from '../../src/exporter/cloud/sampling.ts';
import { exporterConfig } from '../../src/exporter/settings/config.ts';
import { readExporterSettings } from '../../src/exporter/settings/settings.ts';
import { openStateStore, type StateStore } from '../../src/exporter/state/state-store.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { temporaryFolder } from '../support/processes.ts';
import { settableClock, START_MS, startCloud } from './small-cloud.ts';

const HOUR_MS = 3_600_000;

/** An exporter's refresh with a simulated cloud; `written` has the hours that each written state counts. */
async function site() {
  const clock = settableClock();
  const volume = {
    id: 'v1',
    projectId: 'p0',
    volumeType: 'ssd',
    sizes: [{ atMs: START_MS, sizeGb: 1 }] as const,
  };
  const belongings = { volumes: [volume], floatingIps: [], storedBytes: [] };
  const cloud = await startCloud(clock, { belongings });
  const path = join(temporaryFolder(), 'state.json');
  const flags = { listen: '127.0.0.1:0', state: path, settlingDelay: 0, longestWindow: 6 * 3600 };
  const settings = readExporterSettings({ flags, env: {} });
  const config = exporterConfig(settings, readCredentials(cloud.environment()), START_MS);
  const logger = silentLogger();
  const store = await openStateStore({ path, startMs: START_MS, nowMs: START_MS, logger });
  const connection = connect({ ...config, firstRetryDelayMs: 1 }, { clock });
  const { session } = connection;
  onTestFinished(async () => {
    await connection.close();
    await store.close();
  });
  const written: number[] = [];
  const recordingStore: StateStore = {
    current: () => store.current(),
    close: async () => await store.close(),
    save: async (next) => {
      await store.save(next);
      written.push((next.meter.untilMs - START_MS) / HOUR_MS);
    },
  };
  const parts: RefreshParts = {
    settings: config,
    readCloud: async (counted) => await readMeteredCloud(session, config.domains, counted),
    readClock: async () => await readNovaClock(session),
    gpus: undefined,
    histories: undefined,
    sample: sampler({ resources: ['volume_gb'], logger, metrics: new OwnMetrics() }),
    openStore: async () => await Promise.resolve(recordingStore),
    clock,
    logger,
    onServerHours: () => undefined,
    onDropped: () => undefined,
    onClock: () => undefined,
    onCloud: () => undefined,
  };
  const refresh = async () => await refreshTotals(parts);
  return { clock, cloud, store, written, refresh };
}

describe('a refresh', () => {
  it('writes one state with the last window and the samples at its end; a long catch-up writes each slice', async () => {
    const { clock, store, written, refresh } = await site();
    clock.passTime(20 * HOUR_MS);
    await refresh();
    expect(written).toEqual([6, 12, 18, 20]);
    clock.passTime(HOUR_MS);
    await refresh();
    expect(written.slice(4)).toEqual([21]);
    const { meter, sampled } = store.current();
    expect(sampled.get('volume_gb')?.untilMs).toBe(meter.untilMs);
  });

  it('writes only the window if the samples fail, and nothing if the window fails', async () => {
    const { clock, cloud, store, written, refresh } = await site();
    clock.passTime(HOUR_MS);
    await refresh();
    cloud.setFaults(({ path }) => (path.includes('/volumes') ? { status: 403 } : undefined));
    clock.passTime(HOUR_MS);
    await refresh();
    expect(written).toEqual([1, 2]);
    expect(store.current().sampled.get('volume_gb')?.untilMs).toBe(START_MS + HOUR_MS);
    cloud.setFaults(({ path }) => (path.includes('/os-simple-tenant-usage') ? { status: 403 } : undefined));
    clock.passTime(HOUR_MS);
    await expect(refresh()).rejects.toThrow('403');
    expect(written).toEqual([1, 2]);
  });
});

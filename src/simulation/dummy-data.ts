import { readCredentials } from '../exporter/openstack/credentials/credentials.ts';
import { exporterConfig, type ExporterConfig } from '../exporter/settings/config.ts';
import type { ExporterSettings } from '../exporter/settings/settings.ts';
import { parseStartDate } from '../exporter/settings/start-date.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { SIMULATED_ADMINISTRATOR } from './administrator.ts';
import { readExporterState } from './exporter-state.ts';
import { createSimulatedCloud, SIMULATION_DEFAULTS } from './simulated-cloud.ts';

/** A running simulated cloud, and the configuration of an exporter that reads it. */
export interface DummyData {
  config: ExporterConfig;
  close(): Promise<void>;
}

/**
 * Serves a profile as an OpenStack API on loopback, so that an exporter reads it with the same code as a real cloud.
 * Machines with `existence = true` are up since the exporter's totals start. Throws a `UserError` for a wrong profile.
 */
export async function serveDummyData(
  profileFile: string,
  settings: ExporterSettings,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<DummyData> {
  const nowMs = clock.nowMs();
  const cloud = createSimulatedCloud(
    {
      ...SIMULATION_DEFAULTS,
      listen: { host: '127.0.0.1', port: 0 },
      source: { profileFile, startMs: await countsSince(settings, nowMs) },
      users: [SIMULATED_ADMINISTRATOR],
    },
    { clock, logger: logger.child({ role: 'simulated cloud' }) },
  );
  await cloud.start();
  const credentials = readCredentials(cloud.environment(), 'the simulated cloud');
  return { config: exporterConfig(settings, credentials, nowMs), close: async () => await cloud.close() };
}

/** The start of the exporter's totals, from its state if it has run before. */
async function countsSince(settings: ExporterSettings, nowMs: number): Promise<number> {
  // The exporter itself reports a state that it cannot read.
  const state = await readExporterState(settings.state).catch(() => undefined);
  if (state !== undefined) return state.meter.startMs;
  return settings.start === undefined ? nowMs : parseStartDate(settings.start, nowMs);
}

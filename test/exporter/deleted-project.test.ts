import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { exporterConfig } from '../../src/exporter/settings/config.ts';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readCredentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import { readExporterSettings } from '../../src/exporter/settings/settings.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { staticCloud } from '../../src/simulation/model/static-cloud.ts';
import { getJson, totalUsage } from '../support/api-client.ts';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';
import { startGate, startPortal } from '../support/site.ts';
import { domains, projects, servers, settableClock, START_MS, startCloud } from './small-cloud.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';

const HOUR_MS = 3_600_000;

/** Starts a portal, a gate and an exporter whose clock only the test moves. */
async function federation() {
  const clock = settableClock();
  const cloud = await startCloud(clock);
  const folder = temporaryFolder();
  const port = await freePort();
  const flags = { listen: `127.0.0.1:${port}`, start: '2026-01-01', state: join(folder, 'state.json') };
  const settings = readExporterSettings({ flags: { ...flags, settlingDelay: 0, interval: 86_400 }, env: {} });
  const config = exporterConfig(settings, readCredentials(cloud.environment()), START_MS);
  const start = async () => {
    const exporter = createExporter(config, { clock, logger: silentLogger() });
    onTestFinished(async () => await exporter.close());
    await exporter.start();
    await exporter.refresh();
    return exporter;
  };
  const gate = await startGate(folder, ['--exporter', `http://127.0.0.1:${port}`]);
  const { url } = await startPortal(folder, { 'site-a': gate });
  const read = async () =>
    await eventually(async () => {
      const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: { last_reading_at: string }[] };
      return Date.parse(data[0]?.last_reading_at ?? '') === clock.nowMs() ? true : undefined;
    });
  return { clock, cloud, start, url, read };
}

it.each([
  ['continues', false],
  ['restarts before the portal reads it again', true],
])(
  'a project that is deleted with its servers has the same usage in the ledger as in the cloud if the exporter %s',
  async (_, restarts) => {
    const { clock, cloud, start, url, read } = await federation();
    clock.passTime(HOUR_MS);
    const exporter = await start();
    await read();

    clock.passTime(HOUR_MS);
    const deletedMs = clock.nowMs() - 450_000;
    const ended = servers(60)
      .filter((server) => server.projectId !== 'p1' || server.launches[0].atMs < deletedMs)
      .map((server) =>
        server.projectId === 'p1' ? { ...server, deletedMs, archivedMs: undefined } : server,
      );
    const left = projects.filter(({ id }) => id !== 'p1');
    cloud.setModel(staticCloud({ domains, projects: left, servers: ended }));
    if (restarts) await exporter.close();
    if (restarts) await start();
    else await exporter.refresh();
    await read();

    const rows = await totalUsage(url, START_MS, START_MS + 24 * HOUR_MS);
    const truth = usageTruth(cloud.model(), START_MS + HOUR_MS, clock.nowMs());
    const used = [...truth].map(([id, { vcpu }]) => [id, Number(vcpu) / HOUR_MS]);
    const counted = rows.filter(({ resource, amount }) => resource === 'vcpu' && amount > 0);
    expect(new Map(counted.map(({ project_id: id, amount }) => [id, amount]))).toEqual(new Map(used as []));
    expect(truth.get('p1')?.vcpu).toBeGreaterThan(0n);
  },
);

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readExporterConfigs } from '../../src/exporter/settings/config.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { USAGE_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { getJson } from '../support/api-client.ts';
import { startGate, TOKEN } from '../gate/harness.ts';
import { temporaryFolder } from '../support/processes.ts';
import { servers, settableClock, START_MS, startCloud } from './small-cloud.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';

const HOUR_MS = 3_600_000;
const NAMES = ['north', 'south'] as const;
const PROJECTS = ['p0', 'p1', 'p2', 'p3'];

async function twoClouds() {
  const clock = settableClock();
  const clouds = [await startCloud(clock), await startCloud(clock, { servers: servers(30) })] as const;
  const folder = temporaryFolder();
  const tables = NAMES.map((name, index) => {
    const openrc = join(folder, `${name}-openrc`);
    const variables = Object.entries(clouds[index]?.environment() ?? {});
    writeFileSync(openrc, variables.map(([key, value]) => `${key}=${value}\n`).join(''));
    return `[[cloud]]\nname = "${name}"\nstate = "${join(folder, `${index}.json`)}"\nopenrc = "${openrc}"\n`;
  });
  const configFile = join(folder, 'exporter.toml');
  writeFileSync(
    configFile,
    `listen = "127.0.0.1:0"\nstart = "2026-01-01"\nsettling_delay = 0\n${tables.join('')}`,
  );
  const exporter = createExporter(readExporterConfigs({ flags: {}, env: {}, configFile }), {
    clock,
    logger: silentLogger(),
  });
  onTestFinished(async () => await exporter.close());
  const totals = (index: 0 | 1) =>
    parseState(readFileSync(join(folder, `${index}.json`), 'utf8')).meter.totals;
  const scrape = async () => {
    const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`);
    return { status: response.status, samples: response.ok ? parseExposition(await response.text()) : [] };
  };
  return { clock, clouds, exporter, totals, scrape };
}

it('one exporter meters several clouds exactly, each with its own state and label', async () => {
  const { clock, clouds, exporter, totals, scrape } = await twoClouds();
  await exporter.start();
  for (let hours = 0; hours < 5; hours++) {
    clock.passTime(HOUR_MS);
    await exporter.refresh();
  }
  const { samples } = await scrape();
  for (const [index, cloud] of NAMES.entries()) {
    const which = index as 0 | 1;
    const truth = usageTruth(clouds[which].model(), START_MS, clock.nowMs());
    expect(totals(which)).toEqual(truth);
    const shown = samples.filter(
      ({ name, labels }) => name === 'project_mb_usage' && labels['cloud'] === cloud,
    );
    expect(shown.map(({ labels, value }) => [labels['project_id'], value])).toEqual(
      PROJECTS.map((id) => [id, Number(truth.get(id)?.mb ?? 0n) / HOUR_MS]),
    );
  }
  const epochs = samples.filter(({ name }) => name === 'stackmeter_exporter_epoch_info');
  expect(epochs.map(({ labels }) => labels['cloud'])).toEqual([...NAMES]);
  expect(new Set(epochs.map(({ labels }) => labels['epoch'])).size).toBe(2);
  expect(samples.filter(({ labels }) => labels['cloud'] === undefined)).toEqual([]);
});

it('a cloud that fails does not stop other clouds, and its usage is counted later', async () => {
  const { clock, clouds, exporter, totals, scrape } = await twoClouds();
  clouds[1].setFaults(() => ({ status: 404, body: '{}' }));
  await exporter.start();
  clock.passTime(HOUR_MS);
  await expect(exporter.refresh()).rejects.toThrow(/404/);
  const { status, samples } = await scrape();
  const metered = samples.filter(({ name }) => name === 'project_vcpu_usage');
  expect([status, new Set(metered.map(({ labels }) => labels['cloud']))]).toEqual([200, new Set(['north'])]);
  expect(totals(0)).toEqual(usageTruth(clouds[0].model(), START_MS, clock.nowMs()));

  clouds[1].setFaults(undefined);
  clock.passTime(HOUR_MS);
  await exporter.refresh();
  expect(totals(1)).toEqual(usageTruth(clouds[1].model(), START_MS, clock.nowMs()));
});

it('clouds of one exporter have separate meters in the portal, even if they have the same projects', async () => {
  const { clock, clouds, exporter } = await twoClouds();
  await exporter.start();
  const source = { kind: 'exporter' as const, url: new URL(`http://${formatAddress(exporter.address)}`) };
  const { gate } = await startGate({ source }, clock);
  const url = `http://${formatAddress(gate.address)}`;
  const site = { name: 'a', url, token: TOKEN, ca: undefined, intervalMs: 30_000, timeoutMs: 30_000 };
  const grants = NAMES.flatMap((cloud) =>
    PROJECTS.map((projectId) => ({
      name: `${cloud} ${projectId}`,
      projects: [{ site: 'a', cloud, projectId }],
    })),
  );
  const portal = createPortal(
    {
      listen: { host: '127.0.0.1', port: 0 },
      dataFolder: temporaryFolder(),
      databaseUrl: undefined,
      sites: [{ ...site, labels: {}, selectors: USAGE_SELECTORS }],
      grants,
      autoSweep: false,
    },
    { clock, logger: silentLogger() },
  );
  onTestFinished(async () => await portal.close());
  await portal.start();
  for (let hours = 0; hours < 6; hours++) {
    clock.passTime(HOUR_MS);
    await exporter.refresh();
    await portal.sweep();
  }
  const usage = (by: string) => {
    const [from, to] = [START_MS, clock.nowMs()].map((atMs) => new Date(atMs).toISOString());
    return `http://${formatAddress(portal.address)}/api/v1/usage?from=${from}&to=${to}&step=total&resource=mb&by=${by}`;
  };
  const rows = async (by: string) => ((await getJson(usage(by))) as { data: Row[] }).data;
  // Usage before the first reading is an opening balance.
  const truths = clouds.map((cloud) => usageTruth(cloud.model(), START_MS + HOUR_MS, clock.nowMs()));
  const hoursOf = (index: number, id: string) => Number(truths[index]?.get(id)?.mb ?? 0n) / HOUR_MS;
  const used = <T>(list: readonly (readonly [T, number])[]) => list.filter(([, hours]) => hours > 0);
  const byGrant = NAMES.flatMap((cloud, index) =>
    PROJECTS.map((id) => [`${cloud} ${id}`, hoursOf(index, id)] as const),
  );
  expect(used(byGrant).length).toBe(6);
  expect(used((await rows('grant')).map(({ grant, amount }) => [grant, amount]))).toEqual(used(byGrant));
  const byProject = byGrant.map(([name, hours]) => [name.split(' ')[1], hours] as const);
  expect(used((await rows('project')).map(({ project_id: id, amount }) => [id, amount]))).toEqual(
    used(byProject),
  );
  const byCloudAndProject = (await rows('cloud,project')).map(
    ({ cloud, project_id: id, amount }) => [`${cloud} ${id}`, amount] as const,
  );
  expect(used(byCloudAndProject)).toEqual(used(byGrant));
  const sums = NAMES.map((cloud, index) => [
    cloud,
    PROJECTS.reduce((sum, id) => sum + hoursOf(index, id), 0),
  ]);
  expect((await rows('cloud')).map(({ cloud, amount }) => [cloud, amount])).toEqual(sums);
  const csv = await (await fetch(`${usage('site,cloud')}&format=csv`)).text();
  expect(csv.split('\r\n').map((line) => line.split(',').slice(0, 2))).toEqual([
    ['site', 'cloud'],
    ['a', 'north'],
    ['a', 'south'],
    [''],
  ]);
});

interface Row {
  grant: string | null;
  cloud: string;
  project_id: string;
  amount: number;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../src/exporter/exporter.ts';
import { readCredentials } from '../src/exporter/openstack/credentials.ts';
import { exporterConfig, readExporterSettings, type ExporterConfig } from '../src/exporter/settings.ts';
import { parseState } from '../src/exporter/state-format.ts';
import { parseExposition } from '../src/prometheus/text-format-parser.ts';
import { formatAddress } from '../src/runtime/listen.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { temporaryFolder } from './processes.ts';
import { servers, settableClock, START_MS, startCloud } from './small-cloud.ts';

const HOUR_MS = 3_600_000;

async function twoClouds() {
  const clock = settableClock();
  const clouds = [await startCloud(clock), await startCloud(clock, { servers: servers(30) })] as const;
  const folder = temporaryFolder();
  const configOf = (index: 0 | 1): ExporterConfig => {
    const state = join(folder, `${index}.json`);
    const flags = { listen: '127.0.0.1:0', start: '2026-01-01', settlingDelay: 0, state };
    const settings = readExporterSettings({ flags, env: {} });
    const credentials = readCredentials(clouds[index].environment());
    return { ...exporterConfig(settings, credentials, START_MS), cloud: ['north', 'south'][index] };
  };
  const exporter = createExporter([configOf(0), configOf(1)], { clock, logger: silentLogger() });
  onTestFinished(async () => await exporter.close());
  const totals = (index: 0 | 1) =>
    parseState(readFileSync(join(folder, `${index}.json`), 'utf8')).meter.totals;
  const scrape = async () => {
    const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`);
    return { status: response.status, samples: response.ok ? parseExposition(await response.text()) : [] };
  };
  return { clock, clouds, exporter, totals, scrape };
}

it('one exporter meters several clouds, each exactly, with a state and a label of its own', async () => {
  const { clock, clouds, exporter, totals, scrape } = await twoClouds();
  await exporter.start();
  for (let hours = 0; hours < 5; hours++) {
    clock.passTime(HOUR_MS);
    await exporter.refresh();
  }
  const { samples } = await scrape();
  for (const [index, cloud] of ['north', 'south'].entries()) {
    const which = index as 0 | 1;
    const truth = clouds[which].truth(START_MS, clock.nowMs());
    expect(totals(which)).toEqual(truth);
    const shown = samples.filter(
      ({ name, labels }) => name === 'project_mb_usage' && labels['cloud'] === cloud,
    );
    expect(shown.map(({ labels, value }) => [labels['project_id'], value])).toEqual(
      ['p0', 'p1', 'p2', 'p3'].map((id) => [id, Number(truth.get(id)?.mb ?? 0n) / HOUR_MS]),
    );
  }
  const epochs = samples.filter(({ name }) => name === 'stackmeter_exporter_epoch_info');
  expect(epochs.map(({ labels }) => labels['cloud'])).toEqual(['north', 'south']);
  expect(new Set(epochs.map(({ labels }) => labels['epoch'])).size).toBe(2);
  expect(samples.filter(({ labels }) => labels['cloud'] === undefined)).toEqual([]);
});

it('a cloud that is away takes no other with it, and is made up for', async () => {
  const { clock, clouds, exporter, totals, scrape } = await twoClouds();
  clouds[1].setFaults(() => ({ status: 404, body: '{}' }));
  await exporter.start();
  clock.passTime(HOUR_MS);
  await expect(exporter.refresh()).rejects.toThrow(/404/);
  const { status, samples } = await scrape();
  const metered = samples.filter(({ name }) => name === 'project_vcpu_usage');
  expect([status, new Set(metered.map(({ labels }) => labels['cloud']))]).toEqual([200, new Set(['north'])]);
  expect(totals(0)).toEqual(clouds[0].truth(START_MS, clock.nowMs()));

  clouds[1].setFaults(undefined);
  clock.passTime(HOUR_MS);
  await exporter.refresh();
  expect(totals(1)).toEqual(clouds[1].truth(START_MS, clock.nowMs()));
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkExporter } from '../src/exporter/check.ts';
import { createExporter } from '../src/exporter/exporter.ts';
import { readCredentials } from '../src/exporter/openstack/credentials.ts';
import { exporterConfig, readExporterSettings } from '../src/exporter/settings.ts';
import { parseState } from '../src/exporter/state-format.ts';
import { parseExposition } from '../src/prometheus/text-format-parser.ts';
import { formatAddress } from '../src/runtime/listen.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import type { ServerLife } from '../src/simulation/model/server-life.ts';
import type { SimulatedCloud } from '../src/simulation/simulated-cloud.ts';
import { temporaryFolder } from './processes.ts';
import { servers, settableClock, START_MS, startCloud } from './small-cloud.ts';

type Launch = ServerLife['launches'][number];

const HOUR_MS = 3_600_000;
const GPUS: Record<number, Record<string, string>> = {
  2: { 'pci_passthrough:alias': 'a100:2' },
  3: { 'resources:VGPU': '1' },
  4: { 'resources:CUSTOM_FPGA': '1' },
};

/** A volume that is there from before, one from in between, floating IPs, and stored bytes; GPUs by flavor. */
const belongings = {
  volumes: [
    volume(1, 'p0', 'SSD fast', -24 * HOUR_MS, 100),
    volume(2, 'p0', 'hdd', 90 * 60_000, 50),
    volume(3, 'p1', 'hdd', -24 * HOUR_MS, 7),
  ],
  floatingIps: [{ id: id(4), projectId: 'p1', createdMs: START_MS + 100 * 60_000 }],
  storedBytes: [{ projectId: 'p3', amounts: [{ atMs: START_MS - HOUR_MS, bytes: 3 * 2 ** 30 }] }],
};

function id(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

function volume(index: number, projectId: string, volumeType: string, afterMs: number, sizeGb: number) {
  const sizes: [{ atMs: number; sizeGb: number }] = [{ atMs: START_MS + afterMs, sizeGb }];
  return { id: id(index), projectId, volumeType, sizes };
}

async function site() {
  const clock = settableClock();
  const withGpu = ({ atMs, flavor }: Launch): Launch => ({
    atMs,
    flavor: { ...flavor, extraSpecs: GPUS[flavor.vcpus] ?? {} },
  });
  const withGpus = servers(60).map((server) => {
    const [first, ...rest] = server.launches;
    return { ...server, launches: [withGpu(first), ...rest.map(withGpu)] as const };
  });
  const cloud = await startCloud(clock, { servers: withGpus, belongings });
  const state = join(temporaryFolder(), 'state.json');
  const resources = ['vcpu', 'gpu', 'volume_gb', 'floating_ip', 'object_gb'];
  const flags = { listen: '127.0.0.1:0', start: '2026-01-01', state, settlingDelay: 0, resources };
  const settings = {
    ...readExporterSettings({ flags, env: {} }),
    gpuAliases: { A100: 1, vgpu: 0.25 },
  };
  const config = exporterConfig(settings, readCredentials(cloud.environment()), START_MS);
  const exporter = createExporter(config, { clock, logger: silentLogger() });
  onTestFinished(async () => await exporter.close());
  await exporter.start();
  const refreshAfter = async (durationMs: number) => {
    clock.passTime(durationMs);
    await exporter.refresh();
  };
  return {
    clock,
    cloud,
    exporter,
    config,
    refreshAfter,
    state: () => parseState(readFileSync(state, 'utf8')),
  };
}

async function scrape(address: string): Promise<Map<string, number>> {
  const samples = parseExposition(await (await fetch(`http://${address}/metrics`)).text());
  return new Map(
    samples.map(({ name, labels, value }) => [`${name} ${Object.values(labels)[0] ?? ''}`.trim(), value]),
  );
}

function gpuTruth(cloud: SimulatedCloud, untilMs: number): Map<string, bigint> {
  // In quarters, because the truth counts whole amounts.
  const quarters = cloud.flavorTruth(START_MS, untilMs, ({ vcpus }) => ({ 2: 8, 3: 1 })[vcpus] ?? 0);
  return new Map([...quarters].map(([project, amount]) => [project, amount / 4n]));
}

describe('the resources beside what Nova reports of servers', () => {
  it('are counted exactly from the first refresh that sees them', async () => {
    const { clock, cloud, exporter, refreshAfter, state } = await site();
    for (let hours = 0; hours < 5; hours++) await refreshAfter(HOUR_MS);
    const { meter } = state();
    const gpus = [...meter.totals].flatMap(([project, { gpu }]) =>
      gpu === undefined ? [] : [[project, gpu]],
    );
    expect(new Map(gpus as [string, bigint][])).toEqual(gpuTruth(cloud, meter.untilMs));

    const values = await scrape(formatAddress(exporter.address));
    const truth = cloud.belongingsTruth(START_MS + HOUR_MS, clock.nowMs());
    const hours = (amount: bigint | undefined) => Number(amount ?? 0n) / HOUR_MS;
    for (const project of ['p0', 'p1', 'p2', 'p3']) {
      const { volumeGb, floatingIp, storedBytes } = truth.get(project) ?? {};
      const volumes = [...(volumeGb?.values() ?? [])].reduce((sum, one) => sum + one, 0n);
      expect({
        all: values.get(`project_volume_gb_usage ${project}`),
        hdd: values.get(`project_volume_hdd_gb_usage ${project}`),
        ssd: values.get(`project_volume_ssd_fast_gb_usage ${project}`),
        ips: values.get(`project_floating_ip_usage ${project}`),
        objects: values.get(`project_object_gb_usage ${project}`),
      }).toEqual({
        all: hours(volumes),
        hdd: hours(volumeGb?.get('hdd')),
        ssd: hours(volumeGb?.get('SSD fast')),
        ips: hours(floatingIp),
        objects: hours(storedBytes) / 2 ** 30,
      });
    }
    expect(values.get('stackmeter_exporter_unknown_gpu_alias CUSTOM_FPGA')).toBe(1);
  });

  it.each([
    ['volume_gb', '/volume/'],
    ['floating_ip', '/network/'],
    ['object_gb', '/object-store/'],
    ['gpu', '/flavors/detail'],
  ])('fail alone: %s counts nothing while its service does, and makes up for it', async (resource, where) => {
    const { clock, cloud, exporter, refreshAfter, state } = await site();
    await refreshAfter(HOUR_MS);
    const before = state();
    cloud.setFaults(({ path }) =>
      path.includes(where) ? { status: 403, body: '{"forbidden": {"message": "no"}}' } : undefined,
    );
    await refreshAfter(HOUR_MS);
    const during = state();
    expect(during.meter.untilMs).toBe(clock.nowMs());
    expect(during.sampled.get(resource)).toEqual(before.sampled.get(resource));
    const values = await scrape(formatAddress(exporter.address));
    const up = ['gpu', 'volume_gb', 'floating_ip', 'object_gb'].map((name) => [
      name,
      values.get(`stackmeter_exporter_resource_up ${name}`),
    ]);
    expect(Object.fromEntries(up)).toEqual({
      gpu: 1,
      volume_gb: 1,
      floating_ip: 1,
      object_gb: 1,
      [resource]: 0,
    });

    cloud.setFaults(undefined);
    await refreshAfter(HOUR_MS);
    const after = state();
    const truth = cloud.belongingsTruth(START_MS + HOUR_MS, clock.nowMs());
    const volumes = after.sampled.get('volume_gb')?.totals.get('volume_hdd_gb') ?? new Map<string, bigint>();
    expect(volumes.get('p1')).toBe(truth.get('p1')?.volumeGb.get('hdd'));
    expect(after.meter.totals.get('p0')?.vcpu).toBe(cloud.truth(START_MS, clock.nowMs()).get('p0')?.vcpu);
  });

  it('are left out where the cloud does not have the service, which --check says', async () => {
    const { clock, cloud, config } = await site();
    cloud.setServices({ volume: 'missing', network: 'forbidden' });
    clock.passTime(HOUR_MS);
    const lines = (await checkExporter(config, { clock })).join('\n');
    expect(lines).toMatch(/^can not {3}read volumes of all projects, which costs the resource volume_gb/m);
    expect(lines).toMatch(
      /^can not {3}read floating IPs of all projects, which costs the resource floating_ip/m,
    );
    expect(lines).toMatch(/^can {7}read object storage of all projects$/m);
    expect(lines).toContain("GPUs      'CUSTOM_FPGA' is not one of gpu_aliases: it counts as no GPU");
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkExporter } from '../../src/exporter/cloud/check.ts';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readCredentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import { exporterConfig } from '../../src/exporter/settings/config.ts';
import { volumeTypeResource } from '../../src/exporter/openstack/volume-type-resource.ts';
import { readExporterSettings } from '../../src/exporter/settings/settings.ts';
import { parseState, type ExporterState } from '../../src/exporter/state/state-format.ts';
import type { Labels } from '../../src/prometheus/sample.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { ALL_SERVICES } from '../../src/simulation/api/context/services.ts';
import type { Fault } from '../../src/simulation/faults.ts';
import type { StaticCloud } from '../../src/simulation/model/static-cloud.ts';
import type { ServerLife } from '../../src/simulation/model/server-life.ts';
import type { SimulatedCloud } from '../../src/simulation/simulated-cloud.ts';
import { temporaryFolder } from '../support/processes.ts';
import { servers, settableClock, START_MS, startCloud } from './small-cloud.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';
import { belongingsTruth, flavorTruth } from '../support/belongings-truth.ts';

type Launch = ServerLife['launches'][number];

const HOUR_MS = 3_600_000;
const GPUS: Record<number, Record<string, string>> = {
  2: { 'pci_passthrough:alias': 'a100:2' },
  3: { 'resources:VGPU': '1' },
  4: { 'resources:CUSTOM_FPGA': '1' },
};

/** Flavors that were deleted and created again with the same names and other GPUs, after the servers were built. */
const CHANGED_FLAVORS = [2, 3].map((vcpus) => ({
  id: `changed-${vcpus}`,
  name: `flavor-${vcpus}`,
  vcpus,
  memoryMb: 1024 * vcpus,
  diskGb: 20,
  ephemeralGb: vcpus,
  extraSpecs: vcpus === 2 ? { 'pci_passthrough:alias': 'a100:16' } : {},
}));

/** Volumes and floating IPs from before the start and from a later time, and stored bytes. */
const belongings = {
  volumes: [
    volume(1, 'p0', 'SSD fast', -24 * HOUR_MS, 100),
    volume(2, 'p0', 'hdd', 90 * 60_000, 50),
    volume(3, 'p1', 'hdd', -24 * HOUR_MS, 7),
  ],
  floatingIps: [
    { id: id(4), projectId: 'p1', createdMs: START_MS + 100 * 60_000 },
    { id: id(5), projectId: 'p0', createdMs: START_MS - HOUR_MS },
    { id: id(6), projectId: 'p3', createdMs: START_MS - HOUR_MS },
  ],
  storedBytes: [{ projectId: 'p3', amounts: [{ atMs: START_MS - HOUR_MS, bytes: 3 * 2 ** 30 }] }],
};

function id(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

function volume(index: number, projectId: string, volumeType: string, afterMs: number, sizeGb: number) {
  const sizes: [{ atMs: number; sizeGb: number }] = [{ atMs: START_MS + afterMs, sizeGb }];
  return { id: id(index), projectId, volumeType, sizes };
}

/** @param requestTimeoutMs short if services hang, otherwise long enough for a busy machine. */
async function site(requestTimeoutMs = 20_000, more: Partial<StaticCloud> = {}) {
  const clock = settableClock();
  const withGpu = ({ atMs, flavor }: Launch): Launch => ({
    atMs,
    flavor: { ...flavor, extraSpecs: GPUS[flavor.vcpus] ?? {} },
  });
  const withGpus = servers(60).map((server) => {
    const [first, ...rest] = server.launches;
    return { ...server, launches: [withGpu(first), ...rest.map(withGpu)] as const };
  });
  const cloud = await startCloud(clock, { servers: withGpus, belongings, ...more }, { maxLimit: 2 });
  const state = join(temporaryFolder(), 'state.json');
  const resources = ['vcpu', 'gpu', 'volume_gb', 'floating_ip', 'object_gb'];
  const flags = { listen: '127.0.0.1:0', start: '2026-01-01', state, settlingDelay: 0, resources };
  const settings = {
    ...readExporterSettings({ flags, env: {} }),
    gpuAliases: { A100: 1, vgpu: 0.25 },
  };
  const config = {
    ...exporterConfig(settings, readCredentials(cloud.environment()), START_MS),
    requestTimeoutMs,
    firstRetryDelayMs: 1,
  };
  let exporter = createExporter(config, { clock, logger: silentLogger() });
  onTestFinished(async () => await exporter.close());
  await exporter.start();
  const refreshAfter = async (durationMs: number) => {
    clock.passTime(durationMs);
    await exporter.refresh();
  };
  const restart = async () => {
    await exporter.close();
    exporter = createExporter(config, { clock, logger: silentLogger() });
    await exporter.start();
  };
  return {
    clock,
    cloud,
    exporter,
    config,
    refreshAfter,
    restart,
    state: () => parseState(readFileSync(state, 'utf8')),
  };
}

async function scrape(address: string): Promise<Map<string, number>> {
  const samples = parseExposition(await (await fetch(`http://${address}/metrics`)).text());
  return new Map(
    samples.map(({ name, labels, value }) => [`${name} ${scrapedLabels(name, labels)}`.trim(), value]),
  );
}

function scrapedLabels(name: string, labels: Labels): string {
  const values = Object.values(labels);
  return (name.startsWith('project_') ? values.slice(0, 1) : values).join(' ');
}

function gpuTruth(cloud: SimulatedCloud, untilMs: number): Map<string, bigint> {
  // In quarters of a GPU, because the truth counts whole amounts.
  const quarters = flavorTruth(cloud.model(), START_MS, untilMs, ({ vcpus }) => ({ 2: 8, 3: 1 })[vcpus] ?? 0);
  return new Map([...quarters].map(([project, amount]) => [project, amount / 4n]));
}

interface Resource {
  name: string;
  /** A part of the paths of its requests. */
  path: string;
  /** The words of `--check` for the right that it needs. */
  right: string;
  service: keyof typeof ALL_SERVICES | undefined;
}

const RESOURCES: readonly Resource[] = [
  { name: 'gpu', path: '/flavors/detail', right: 'extra specs of flavors', service: undefined },
  { name: 'volume_gb', path: '/volume/', right: 'volumes of all projects', service: 'volume' },
  { name: 'floating_ip', path: '/network/', right: 'floating IPs of all projects', service: 'network' },
  {
    name: 'object_gb',
    path: '/object-store/',
    right: 'object storage of all projects',
    service: 'objectStore',
  },
];

interface Failure {
  name: string;
  kind: 'missing' | 'forbidden' | 'failing';
  begin(cloud: SimulatedCloud, resource: Resource): void;
}

/** Swift's answers have no body, so the garbage is also in a header. */
const GARBAGE: Fault = { body: '<html>Welcome</html>', headers: { 'X-Account-Bytes-Used': 'many' } };

const FAILURES: readonly Failure[] = [
  by('403', 'forbidden', { status: 403, body: '{"forbidden": {"code": 403, "message": "no"}}' }),
  by('404', 'missing', { status: 404, body: '{"itemNotFound": {"code": 404, "message": "no"}}' }),
  by('500', 'failing', { status: 500, body: '{}' }),
  by('a connection that is cut', 'failing', { cut: true }),
  by('garbage', 'failing', GARBAGE),
  {
    name: 'its absence in the catalog',
    kind: 'missing',
    begin: (cloud, { path, service }) => {
      if (service !== undefined) cloud.setServices({ [service]: 'missing' });
      else cloud.setFaults((request) => (request.path.includes(path) ? { status: 404 } : undefined));
    },
  },
  {
    name: 'a page in the middle',
    kind: 'failing',
    begin: (cloud, { path }) => {
      const isInTheMiddle = (at: string, query: string) => /marker=/.test(query) || at.endsWith('/AUTH_p1');
      cloud.setFaults((request) =>
        request.path.includes(path) && isInTheMiddle(request.path, request.query)
          ? { status: 503 }
          : undefined,
      );
    },
  },
];

/** A failure that lasts as long as all attempts of a request. */
const NO_ANSWER = by('no answer in time', 'failing', { hangs: true });
const PATIENCE_MS = 2500;

function by(name: string, kind: Failure['kind'], fault: Fault): Failure {
  const begin: Failure['begin'] = (cloud, { path }) => {
    cloud.setFaults((request) => (request.path.includes(path) ? fault : undefined));
  };
  return { name, kind, begin };
}

function gpusOf({ meter }: ExporterState): Map<string, bigint> {
  const gpus = [...meter.totals].flatMap(([project, { gpu }]) => (gpu === undefined ? [] : [[project, gpu]]));
  return new Map(gpus as [string, bigint][]);
}

/** Expects true totals in the state for all resources except `but`. Samples start after the first hour. */
function expectExact(cloud: SimulatedCloud, state: ExporterState, but?: string): void {
  const { untilMs, totals } = state.meter;
  const vcpus = new Map([...totals].map(([project, { vcpu }]) => [project, vcpu]));
  const used = new Map(
    [...usageTruth(cloud.model(), START_MS, untilMs)].map(([project, { vcpu }]) => [project, vcpu]),
  );
  expect([vcpus, gpusOf(state)]).toEqual([used, gpuTruth(cloud, untilMs)]);
  const truth = belongingsTruth(cloud.model(), START_MS + HOUR_MS, untilMs);
  const sampledOf = (resource: string) => state.sampled.get(resource)?.totals.get(resource);
  for (const [project, { volumeGb, floatingIp, storedBytes }] of truth) {
    const volumes = [...volumeGb.values()].reduce((sum, one) => sum + one, 0n);
    const expected = { volume_gb: volumes, floating_ip: floatingIp, object_gb: storedBytes / 2n ** 30n };
    for (const [resource, amount] of Object.entries(expected)) {
      if (resource === but) continue;
      expect([project, resource, sampledOf(resource)?.get(project) ?? 0n]).toEqual([
        project,
        resource,
        amount,
      ]);
    }
  }
}

describe('resources other than those of servers', () => {
  it('are counted exactly from the first refresh that sees them', async () => {
    const { clock, cloud, exporter, refreshAfter, state } = await site();
    for (let hours = 0; hours < 5; hours++) await refreshAfter(HOUR_MS);
    const { meter } = state();
    const gpus = [...meter.totals].flatMap(([project, { gpu }]) =>
      gpu === undefined ? [] : [[project, gpu]],
    );
    expect(new Map(gpus as [string, bigint][])).toEqual(gpuTruth(cloud, meter.untilMs));

    const values = await scrape(formatAddress(exporter.address));
    const truth = belongingsTruth(cloud.model(), START_MS + HOUR_MS, clock.nowMs());
    const hours = (amount: bigint | undefined) => Number(amount ?? 0n) / HOUR_MS;
    for (const project of ['p0', 'p1', 'p2', 'p3']) {
      const { volumeGb, floatingIp, storedBytes } = truth.get(project) ?? {};
      const volumes = [...(volumeGb?.values() ?? [])].reduce((sum, one) => sum + one, 0n);
      expect({
        all: values.get(`project_volume_gb_usage ${project}`),
        hdd: values.get(`project_volume_hdd_gb_usage ${project}`),
        ssd: values.get(`project_${volumeTypeResource('SSD fast')}_usage ${project}`),
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

  /** Lets one resource fail and recover, and checks metrics, `--check` and totals during the failure and after. */
  async function failOne(resource: Resource, failure: Failure, patienceMs?: number): Promise<void> {
    const { clock, cloud, exporter, config, refreshAfter, state } = await site(patienceMs);
    await refreshAfter(HOUR_MS);
    const before = state();
    failure.begin(cloud, resource);
    await refreshAfter(HOUR_MS);
    await refreshAfter(HOUR_MS);

    const values = await scrape(formatAddress(exporter.address));
    const ups = RESOURCES.map(({ name }) => [name, values.get(`stackmeter_exporter_resource_up ${name}`)]);
    const expected = RESOURCES.map(({ name }) => [name, name === resource.name ? 0 : 1]);
    expect(ups).toEqual(expected);
    expect(values.get(`stackmeter_exporter_resource_failure ${resource.name} ${failure.kind}`)).toBe(1);
    expect(state().sampled.get(resource.name)).toEqual(before.sampled.get(resource.name));
    expectExact(cloud, state(), resource.name === 'gpu' ? undefined : resource.name);
    const lines = await checkExporter(config, { clock });
    const denied = lines.filter((line) => line.startsWith('cannot'));
    const line = new RegExp(`^cannot    read ${resource.right}, which costs the resource ${resource.name}`);
    expect(denied).toEqual([expect.stringMatching(line)]);
    expect(lines.at(-1)).toBe(
      `next      make it possible to read ${resource.right} (see above), or go on: the exporter starts without it`,
    );

    cloud.setFaults(undefined);
    cloud.setServices(ALL_SERVICES);
    await refreshAfter(HOUR_MS);
    expectExact(cloud, state());
  }

  const cases = RESOURCES.flatMap((resource) => FAILURES.map((failure) => ({ resource, failure })));

  it.each(cases)(
    'fail one by one: metrics and --check show a failure of $resource.name by $failure.name, and usage is counted later',
    async ({ resource, failure }) => await expect(failOne(resource, failure)).resolves.toBeUndefined(),
  );

  it('fail one by one: metrics and --check show a missing answer, and usage is counted later', async () => {
    const all = RESOURCES.map(async (resource) => await failOne(resource, NO_ANSWER, PATIENCE_MS));
    await expect(Promise.all(all)).resolves.toHaveLength(RESOURCES.length);
  });

  it('count all GPUs even if flavors were unreadable from the first start, also after a restart', async () => {
    const { cloud, refreshAfter, restart, state } = await site();
    cloud.setFaults(({ path }) => (/\/(flavors|servers)\/detail$/.test(path) ? { status: 500 } : undefined));
    for (let hours = 0; hours < 9; hours++) await refreshAfter(HOUR_MS);
    expect([...state().meter.totals.values()].map(({ gpu }) => gpu)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await restart();
    cloud.setFaults(undefined);
    await refreshAfter(HOUR_MS);
    expect(gpusOf(state())).toEqual(gpuTruth(cloud, state().meter.untilMs));
    expect(gpusOf(state()).size).toBe(3);
  });

  it("count GPUs by each server's own flavor, not by today's flavor of that name", async () => {
    const { cloud, exporter, refreshAfter, restart, state } = await site(undefined, {
      flavors: CHANGED_FLAVORS,
    });
    for (let hours = 0; hours < 4; hours++) await refreshAfter(HOUR_MS);
    const values = await scrape(formatAddress(exporter.address));
    expect(values.get('stackmeter_exporter_servers_gpus_by_flavor_name')).toBe(0);
    await restart();
    for (let hours = 0; hours < 4; hours++) await refreshAfter(HOUR_MS);
    expect(gpusOf(state())).toEqual(gpuTruth(cloud, state().meter.untilMs));
  });

  it("count GPUs by today's flavor of the name if servers cannot be read, and show for how many servers", async () => {
    const { cloud, exporter, refreshAfter, state } = await site(undefined, { flavors: CHANGED_FLAVORS });
    cloud.setFaults(({ path }) => (path.endsWith('/servers/detail') ? { status: 403 } : undefined));
    for (let hours = 0; hours < 4; hours++) await refreshAfter(HOUR_MS);
    const today = flavorTruth(cloud.model(), START_MS, state().meter.untilMs, ({ vcpus }) =>
      vcpus === 2 ? 16 : 0,
    );
    expect(gpusOf(state())).toEqual(new Map([...today].filter(([, gpus]) => gpus > 0n)));
    const values = await scrape(formatAddress(exporter.address));
    expect(values.get('stackmeter_exporter_servers_gpus_by_flavor_name')).toBeGreaterThan(0);
    expect(values.get('stackmeter_exporter_resource_up gpu')).toBe(1);
  });

  it('read all servers once at the start, and then only changed servers', async () => {
    const { cloud, refreshAfter } = await site();
    const lists: string[] = [];
    cloud.setFaults(({ path, query }) => {
      const parameters = new URLSearchParams(query);
      if (path.endsWith('/servers/detail') && !parameters.has('marker'))
        lists.push(parameters.get('changes-since') ?? 'all');
      return undefined;
    });
    await refreshAfter(HOUR_MS);
    expect(lists[0]).toBe('all');
    await refreshAfter(60_000);
    lists.length = 0;
    await refreshAfter(60_000);
    expect(lists).toEqual([]);
    await refreshAfter(HOUR_MS);
    expect(lists).toEqual([new Date(START_MS + HOUR_MS + 120_000).toISOString()]);
  });

  it('are left out if the cloud does not have their service, and --check says so', async () => {
    const { clock, cloud, config } = await site();
    cloud.setServices({ volume: 'missing', network: 'forbidden' });
    clock.passTime(HOUR_MS);
    const lines = (await checkExporter(config, { clock })).join('\n');
    expect(lines).toMatch(/^cannot {4}read volumes of all projects, which costs the resource volume_gb/m);
    expect(lines).toMatch(
      /^cannot {4}read floating IPs of all projects, which costs the resource floating_ip/m,
    );
    expect(lines).toMatch(/^can {7}read object storage of all projects$/m);
    expect(lines).toContain("GPUs      'CUSTOM_FPGA' is not one of gpu_aliases: it counts as no GPU");
  });
});

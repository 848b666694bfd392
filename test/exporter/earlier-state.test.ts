import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { exporterConfig } from '../../src/exporter/settings/config.ts';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readCredentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import type { Usage } from '../../src/exporter/metering/amounts.ts';
import { volumeTypeResource } from '../../src/exporter/openstack/volume-type-resource.ts';
import { RESOURCE_NAMES } from '../../src/exporter/settings/resources.ts';
import { readExporterSettings } from '../../src/exporter/settings/settings.ts';
import { parseState, VERSION, type ExporterState } from '../../src/exporter/state/state-format.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { flavorTruth } from '../support/belongings-truth.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';
import type { Flavor, ServerLife } from '../../src/simulation/model/server-life.ts';
import { staticCloud } from '../../src/simulation/model/static-cloud.ts';
import { temporaryFolder } from '../support/processes.ts';
import { domains, projects, servers, settableClock, START_MS, startCloud } from './small-cloud.ts';

/** States as earlier versions wrote them, named by commit. */
const folder = fileURLToPath(new URL('earlier-states/', import.meta.url));
const HOUR_MS = 3_600_000;
const GPUS: Record<number, Record<string, string>> = {
  2: { 'pci_passthrough:alias': 'a100:2' },
  3: { 'resources:VGPU': '1' },
  9: { 'pci_passthrough:alias': 'a100:1' },
};
const LATER_MS = START_MS + 20 * HOUR_MS + 600_000;
const id = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

const withGpus = (flavor: Flavor): Flavor => ({ ...flavor, extraSpecs: GPUS[flavor.vcpus] ?? {} });
const withFlavors = ([first, ...rest]: ServerLife['launches']): ServerLife['launches'] => [
  { ...first, flavor: withGpus(first.flavor) },
  ...rest.map((launch) => ({ ...launch, flavor: withGpus(launch.flavor) })),
];
/** Each server of the pool p1 belongs to a course, or to none. */
const metadata = (index: number) => [{ course: 'a' }, { course: 'b/c' }, {}][index % 3] ?? {};
const early = servers(60).map((server, index) => ({
  ...server,
  metadata: metadata(Math.floor(index / 3)) as Record<string, string>,
  launches: withFlavors(server.launches),
}));
const large = {
  id: 'f9',
  name: 'f9',
  vcpus: 9,
  memoryMb: 9,
  diskGb: 9,
  ephemeralGb: 0,
  extraSpecs: GPUS[9] ?? {},
};
/** A server whose flavor the exporter could not read before it wrote the state. */
const late: ServerLife = {
  id: id(999),
  name: 'late',
  projectId: 'p3',
  metadata: {},
  launches: [{ atMs: LATER_MS, flavor: large }],
};
const belongings = {
  volumes: [
    {
      id: id(1),
      projectId: 'p0',
      volumeType: 'SSD fast',
      sizes: [{ atMs: START_MS - HOUR_MS, sizeGb: 100 }] as const,
    },
    {
      id: id(2),
      projectId: 'p1',
      volumeType: 'hdd',
      sizes: [{ atMs: START_MS + 90 * 60_000, sizeGb: 7 }] as const,
    },
  ],
  floatingIps: [{ id: id(3), projectId: 'p3', createdMs: START_MS - HOUR_MS }],
  storedBytes: [{ projectId: 'p0', amounts: [{ atMs: START_MS - HOUR_MS, bytes: 3 * 2 ** 30 }] }],
};

/** Runs this version's exporter for eight hours from a state that counts the first 22 hours of this cloud. */
async function continueFrom(state: string) {
  const clock = settableClock();
  clock.passTime(22 * HOUR_MS);
  const cloud = await startCloud(clock, { domains, projects, servers: [...early, late], belongings });
  const flags = {
    listen: '127.0.0.1:0',
    state,
    settlingDelay: 0,
    resources: RESOURCE_NAMES,
    splitProject: 'p1',
    splitMetadata: 'course',
    serverHours: true,
  };
  const settings = { ...readExporterSettings({ flags, env: {} }), gpuAliases: { a100: 1, vgpu: 0.25 } };
  const config = exporterConfig(settings, readCredentials(cloud.environment()), START_MS);
  const exporter = createExporter(config, { clock, logger: silentLogger() });
  onTestFinished(async () => await exporter.close());
  for (let hours = 0; hours < 8; hours++) {
    clock.passTime(HOUR_MS);
    await exporter.refresh();
  }
  return cloud;
}

/** The same cloud as the meter counts it: the servers of the pool belong to its parts. */
function truth() {
  const course = (index: number) => metadata(Math.floor(index / 3))['course'];
  const apart = early.map((server, index) => {
    const part = server.projectId === 'p1' ? course(index) : undefined;
    return part === undefined ? server : { ...server, projectId: `p1/${part}` };
  });
  return staticCloud({ domains, projects, servers: [...apart, late] });
}

/** Server hours × the amount of their flavors, by project. */
function hoursOf({ meter: { hours } }: ExporterState, resource: 'vcpu'): Map<string, bigint> {
  const sums = [...(hours?.totals ?? [])].map(([project, totals]) => {
    const sum = totals.reduce((all, one) => all + BigInt(one.flavor[resource]) * one.durationMs, 0n);
    return [project, sum] as const;
  });
  return new Map(sums);
}

/** The growth of the totals since server hours are metered, by project. */
function growth(before: ExporterState, after: ExporterState, resource: 'vcpu'): Map<string, bigint> {
  const base = before.meter.hours === undefined ? before.meter.totals : new Map<string, Usage>();
  const grown = [...after.meter.totals].map(
    ([project, used]) => [project, used[resource] - (base.get(project)?.[resource] ?? 0n)] as const,
  );
  return new Map(grown.filter(([, amount]) => amount > 0n));
}

it('earlier states include one of each version before the present one', () => {
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const versions = new Set(texts.map((text) => (JSON.parse(text) as { version: number }).version));
  const earlier = Array.from({ length: VERSION - 1 }, (_, index) => index + 1);
  expect(earlier.filter((version) => !versions.has(version))).toEqual([]);
});

it.each(readdirSync(folder))(
  'the state of an earlier version (%s) is read and continued, and is written in the present format',
  async (file) => {
    const path = join(temporaryFolder(), 'state.json');
    copyFileSync(join(folder, file), path);
    const before = parseState(readFileSync(path, 'utf8'));
    await continueFrom(path);

    const after = parseState(readFileSync(path, 'utf8'));
    expect(after.meter.hours?.sinceMs).toBe(before.meter.hours?.sinceMs ?? before.meter.untilMs);
    expect(hoursOf(after, 'vcpu')).toEqual(growth(before, after, 'vcpu'));
    const untilMs = START_MS + 30 * HOUR_MS;
    const model = truth();
    const quarters = flavorTruth(model, START_MS, untilMs, ({ vcpus }) => ({ 2: 8, 3: 1, 9: 4 })[vcpus] ?? 0);
    const used = usageTruth(model, START_MS, untilMs);
    const expected = [...used].map(([project, usage]) => [
      project,
      { ...usage, gpu: (quarters.get(project) ?? 0n) / 4n },
    ]);
    expect([after.meter.epoch, after.meter.untilMs]).toEqual([before.meter.epoch, untilMs]);
    expect(after.meter.totals).toEqual(new Map(expected as [string, Usage][]));
    const hasOldName = before.sampled.get('volume_gb')?.totals.has('volume_ssd_fast_gb') ?? false;
    // Sampled resources count from the first sample, an hour after the start.
    const gibHours = (hours: number, gib: number) => BigInt(hours * gib * HOUR_MS);
    expect(after.sampled.get('volume_gb')?.totals).toEqual(
      new Map([
        [
          'volume_gb',
          new Map([
            ['p1', gibHours(28.5, 7)],
            ['p0', gibHours(29, 100)],
          ]),
        ],
        ...(hasOldName ? [['volume_ssd_fast_gb', new Map([['p0', gibHours(21, 100)]])] as const] : []),
        [volumeTypeResource('SSD fast'), new Map([['p0', gibHours(hasOldName ? 8 : 29, 100)]])],
        ['volume_hdd_gb', new Map([['p1', gibHours(28.5, 7)]])],
      ]),
    );
    expect(after.sampled.get('floating_ip')?.totals.get('floating_ip')?.get('p3')).toBe(gibHours(29, 1));
    expect(after.sampled.get('object_gb')?.totals.get('object_gb')?.get('p0')).toBe(gibHours(29, 3));
  },
);

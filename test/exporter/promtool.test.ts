import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Snapshot } from '../../src/exporter/exposition/exposition.ts';
import { flavorOf } from '../../src/exporter/metering/flavor.ts';
import type { StateTotal } from '../../src/exporter/metering/server-hours.ts';
import type { Usage } from '../../src/exporter/metering/amounts.ts';
import { OwnMetrics } from '../../src/exporter/exposition/own-metrics.ts';
import { Rendering, type ShownCloud } from '../../src/exporter/exposition/rendering.ts';
import { volumeTypeResource } from '../../src/exporter/openstack/volume-type-resource.ts';
import { RESOURCE_NAMES } from '../../src/exporter/settings/resources.ts';
import { cleanName } from '../../src/prometheus/label-text.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { describeWith } from '../support/describe-with.ts';

/** A name as Keystone accepts it: up to 64 characters of the basic plane, also control characters and NUL. */
const character = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.constantFrom(0, 9, 10, 13, 34, 92, 0x85, 0x200b, 0x202e, 0x2028, 0xfeff),
);
const name = fc
  .array(character, { minLength: 1, maxLength: 64 })
  .map((codes) => String.fromCharCode(...codes));
const total = fc.bigInt({ min: 0n, max: 2n ** 70n });

const project = fc.record({
  project: name,
  domain: name,
  usage: fc.record({ vcpu: total, mb: total, disk_gb: total, instance: total }),
});

interface ProjectUsage {
  project: string;
  domain: string;
  usage: Usage;
}

function snapshotOf(found: readonly ProjectUsage[]): Snapshot {
  const untilMs = Date.UTC(2026, 0, 1);
  const totals = new Map(found.map(({ usage }, index) => [`p${index}`, usage]));
  return {
    meter: { epoch: 'e', startMs: 0, untilMs, totals, servers: new Map() },
    sampled: new Map(),
    projects: found.map((one, index) => ({
      id: `p${index}`,
      name: one.project,
      domain: { id: 'd', name: one.domain },
    })),
    completedMs: untilMs,
    durationMs: 1,
  };
}

function textOf(clouds: readonly ShownCloud[]): string {
  return Buffer.concat(new Rendering(clouds).text()).toString();
}

function withEverything(snapshot: Snapshot, types: readonly string[], flavors: readonly string[]): Snapshot {
  const byProject = new Map([['p0', 2n ** 60n]]);
  const volumes = ['volume_gb', ...types.map(volumeTypeResource)].map(
    (resource) => [resource, byProject] as const,
  );
  const sampled = (totals: Iterable<readonly [string, ReadonlyMap<string, bigint>]>) => ({
    untilMs: snapshot.meter.untilMs,
    totals: new Map(totals),
  });
  return {
    ...snapshot,
    meter: {
      ...snapshot.meter,
      unreadFlavors: new Map(flavors.map((flavor) => [flavor, byProject])),
      hours: { sinceMs: 0, totals: new Map([['p0', stateTotals(flavors)]]) },
    },
    sampled: new Map([
      ['volume_gb', sampled(volumes)],
      ['floating_ip', sampled([['floating_ip', byProject]])],
      ['object_gb', sampled([['object_gb', byProject]])],
    ]),
  };
}

function stateTotals(flavors: readonly string[]): StateTotal[] {
  const totalOf = (flavor: string): StateTotal => ({
    flavor: flavorOf({ name: flavor, vcpu: 1, mb: 2, disk_gb: 3, devices: { [flavor]: 1 } }),
    state: flavor,
    durationMs: 2n ** 60n,
  });
  // Two names of which the same remains are one flavor.
  return [...new Map(flavors.map((flavor) => [totalOf(flavor).flavor.key, totalOf(flavor)])).values()];
}

/** The exporter's own metrics after failures of every kind. */
function busyMetrics(aliases: readonly string[]): OwnMetrics {
  const metrics = new OwnMetrics();
  metrics.observeRequest({ service: 'Nova', durationMs: 250, failed: true });
  metrics.refreshes.succeeded(0);
  metrics.countDropped(1);
  metrics.setWholeCloud(true);
  metrics.setNovaAhead(-1500);
  metrics.setUnknownGpuAliases(aliases);
  metrics.setResource('gpu', { failure: 'forbidden', reason: '' });
  metrics.setResource('volume_gb', undefined);
  return metrics;
}

describeWith(['promtool'], 'the exposition', ({ promtool }) => {
  /** Expects that promtool accepts a text. Its remarks about units in the earlier system's names are allowed. */
  function expectAccepted(text: string): void {
    const { status, stderr, stdout } = spawnSync(promtool, ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect([0, 3]).toContain(status); // 3 is for remarks
    const remarks = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    expect(
      remarks.filter(
        (line) => !/^project_(mb|disk_gb|volume_gb|object_gb|snapshot_gb|volume_\w+_gb)_usage /.test(line),
      ),
    ).toEqual([]);
  }

  it("is accepted by Prometheus' own parser, which returns the cleaned names, with any names of Keystone", () => {
    fc.assert(
      fc.property(fc.array(project, { minLength: 1, maxLength: 200 }), (found) => {
        const resources = ['vcpu', 'mb', 'disk_gb', 'instance'] as const;
        const shown = {
          cloud: undefined,
          snapshot: snapshotOf(found),
          resources,
          metrics: new OwnMetrics(),
        };
        const text = textOf([shown]);
        expectAccepted(text);
        const names = parseExposition(text)
          .filter((sample) => sample.name === 'project_vcpu_usage')
          .map(({ labels }) => [labels['project_name'], labels['domain_name']]);
        expect(names).toEqual(found.map((one) => [cleanName(one.project), cleanName(one.domain)]));
      }),
      { numRuns: 25 },
    );
  });

  it("is accepted with all resources and the exporter's own metrics, with any names of flavors and volume types", () => {
    const others = fc.record({
      found: fc.array(project, { minLength: 1, maxLength: 5 }),
      clouds: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      types: fc.array(name, { maxLength: 4 }),
      flavors: fc.uniqueArray(name, { maxLength: 3 }),
      aliases: fc.uniqueArray(name, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(others, ({ found, clouds, types, flavors, aliases }) => {
        const snapshot = withEverything(snapshotOf(found), types, flavors);
        const metrics = busyMetrics(aliases);
        const text = textOf(
          clouds.map((cloud) => ({ cloud, snapshot, resources: RESOURCE_NAMES, serverHours: true, metrics })),
        );
        expectAccepted(text);
        const samples = parseExposition(text);
        const labelsOf = (metric: string, label: string) =>
          samples
            .filter((sample) => sample.name === metric)
            .map(({ labels }) => [labels['cloud'], labels[label]]);
        const each = (values: readonly string[]) =>
          clouds.flatMap((cloud) => values.map((value) => [cloud, value]));
        expect(labelsOf('stackmeter_exporter_unread_flavor', 'flavor')).toEqual(each(flavors.toSorted()));
        const keys = stateTotals(flavors).map(({ flavor }) => flavor.key);
        expect(labelsOf('project_server_usage', 'flavor')).toEqual(each(keys));
        expect(labelsOf('stackmeter_exporter_flavor_info', 'flavor')).toEqual(each(keys.toSorted()));
        expect(labelsOf('stackmeter_exporter_unknown_gpu_alias', 'alias')).toEqual(each(aliases));
        expect(labelsOf('project_volume_gb_usage', 'project_name')).toEqual(
          each(found.map((one) => cleanName(one.project))),
        );
        const own = new Set(
          samples.map((sample) => sample.name).filter((metric) => metric.startsWith('stackmeter_')),
        );
        expect(own.size).toBeGreaterThanOrEqual(18);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['a label that does not end', 'project_vcpu_usage{project_id="p} 1\n'],
    ['an invalid name', 'project-vcpu{project_id="p"} 1\n'],
  ])('is refused by promtool if it has %s', (_, text) => {
    expect(spawnSync(promtool, ['check', 'metrics'], { input: text }).status).toBe(1);
  });
});

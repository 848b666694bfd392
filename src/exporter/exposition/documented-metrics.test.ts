import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { usageFamilies } from './exposition.ts';
import { flavorOf } from '../metering/flavor.ts';
import type { MeterState } from '../metering/meter-state.ts';
import { isSeriesLabel } from '../../prometheus/usage-metrics.ts';
import { OwnMetrics } from './own-metrics.ts';

const rows = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8').split('\n');
const documented = rows
  .filter((line) => line.startsWith('| `stackmeter_exporter_'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** All metrics of an exporter about its totals and its work. */
function allFamilies() {
  const own = new OwnMetrics();
  own.observeRequest({ service: 'nova', durationMs: 1, failed: true });
  own.setNovaAhead(0);
  own.setWholeCloud(true);
  own.setResource('gpu', { failure: 'missing', reason: '' });
  own.setGpusByName(0);
  own.setServerHoursTotals(0);
  own.setUnknownGpuAliases(['a']);
  const meter = {
    epoch: 'e',
    startMs: 0,
    untilMs: 0,
    totals: new Map(),
    servers: new Map(),
    unreadFlavors: new Map([['f', {}]]),
    hours: {
      sinceMs: 0,
      totals: new Map([
        ['p', [{ flavor: flavorOf({ vcpu: 1, mb: 1, disk_gb: 1 }), state: '', durationMs: 0n }]],
      ]),
    },
  } as unknown as MeterState;
  const snapshot = {
    meter,
    sampled: new Map([['object_gb', { untilMs: 0, totals: new Map() }]]),
    projects: [{ id: 'p', name: '', domain: { id: '', name: '' } }],
    completedMs: 0,
    durationMs: 0,
  };
  return [...usageFamilies(snapshot, ['object_gb'], true), ...own.families()];
}

it('the metrics of the exporter are documented with the declared names, labels and help texts', () => {
  const own = allFamilies().filter(({ name }) => name.startsWith('stackmeter_exporter_'));
  const declared = own.map(({ name, help, samples }) => {
    const labels = new Set([...samples].flatMap((sample) => Object.keys(sample.labels)));
    const series = `\`${name}${labels.size === 0 ? '' : `{${[...labels].join(',')}}`}\``;
    return ['', series, help.charAt(0).toLowerCase() + help.slice(1), ''];
  });
  expect(documented).toEqual(declared);
});

it('a site cannot set a label that series of the exporter have', () => {
  const labels = allFamilies().flatMap(({ samples }) =>
    [...samples].flatMap((one) => Object.keys(one.labels)),
  );
  expect(labels.length).toBeGreaterThan(0);
  expect(labels.filter((name) => !isSeriesLabel(name))).toEqual([]);
});

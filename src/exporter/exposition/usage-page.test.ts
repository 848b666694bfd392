import { expect, it } from 'vitest';
import type { Snapshot } from './exposition.ts';
import { newMeterState } from '../metering/meter-state.ts';
import { OwnMetrics } from './own-metrics.ts';
import { usagePage } from './usage-page.ts';

const HOUR_MS = 3_600_000n;
const domain = { id: 'd', name: 'Physics & Co' };
const used = (vcpu: bigint) => ({ vcpu: vcpu * HOUR_MS, mb: 0n, disk_gb: 0n, instance: HOUR_MS });
const volumes = new Map([['volume_ceph_ssd_gb', new Map([['p2', HOUR_MS / 2n]])]]);
const snapshot: Snapshot = {
  meter: {
    ...newMeterState('e1', 0),
    totals: new Map([
      ['p1', used(2n)],
      ['p2', used(3n)],
      ['gone', used(7n)],
    ]),
  },
  sampled: new Map([['volume_gb', { untilMs: 0, totals: volumes }]]),
  projects: [
    { id: 'p1', name: '<one>', domain },
    { id: 'p2', name: 'two\u202e', domain },
    { id: 'p3', name: 'three', domain },
  ],
  completedMs: 0,
  durationMs: 0,
};
const show = (cloud?: string) =>
  usagePage([{ cloud, snapshot, resources: ['vcpu', 'volume_gb'], metrics: new OwnMetrics() }]);

it("the exporter's page has a row for each shown project, below the sum of all projects", () => {
  const cells = show()
    .split('\n')
    .filter((line) => line.includes('<td>'))
    .map((line) =>
      line.replaceAll(/<\/?(thead|tbody|tr)>/g, '').replaceAll(/<\/td><td( class="n")?>/g, ' | '),
    );
  expect(cells).toEqual([
    '<td>All projects |  | 5.000 | 0.500</td>',
    '<td>&lt;one&gt; | Physics &amp; Co | 2.000 | 0.000</td>',
    '<td>two⟨U+202E⟩ | Physics &amp; Co | 3.000 | 0.500</td>',
    '<td>three | Physics &amp; Co | 0.000 | 0.000</td>',
  ]);
});

it("the exporter's page has a table for each cloud that scrolls within its box, with names that break", () => {
  expect(show('north')).toContain('<h2>north</h2>');
  expect(show()).toContain('<div class="t" tabindex="0" role="region" aria-label="Usage by project"><table>');
  expect(show()).toContain('<th class="n">volume_<wbr>ceph_<wbr>ssd_<wbr>gb<br>GiB-hours</th>');
});

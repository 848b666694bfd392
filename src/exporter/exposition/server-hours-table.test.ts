import { expect, it } from 'vitest';
import { flavorOf } from '../metering/flavor.ts';
import { serverHoursTable } from './server-hours-table.ts';

it('shows the server hours of all projects by flavor and state', () => {
  const flavor = flavorOf({ name: '<big>', vcpu: 4, mb: 1024, disk_gb: 10 });
  const total = (state: string, hours: number) => ({ flavor, state, durationMs: BigInt(hours * 3_600_000) });
  const totals = new Map([
    ['p1', [total('active', 1.5), total('stopped', 2)]],
    ['p2', [total('active', 1)]],
  ]);
  const html = serverHoursTable({ sinceMs: Date.UTC(2026, 0, 1), totals });
  expect(html).toContain('Server hours since 2026-01-01 00:00:00 UTC');
  const rows = [...html.matchAll(/<tr><td>.*<\/tr>/g)].map(([row]) => row.replaceAll(/<[^>]+>/g, ' ').trim());
  expect(rows.map((row) => row.replaceAll(/ +/g, ' '))).toEqual([
    '&lt;big&gt; 4 1024 10 active 2.500',
    '&lt;big&gt; 4 1024 10 stopped 2.000',
  ]);
});

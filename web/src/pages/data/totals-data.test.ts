import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../../api.ts';
import { GROUP_OF, groupsOf } from './totals-data.ts';

function row(
  institution: string | null,
  amount: number,
  coverage: UsageRow['coverage'] = 'measured',
): UsageRow {
  return { institution, start: '2026-04-01T00:00:00.000Z', amount, unit: 'vCPU-hours', coverage };
}

describe('usage by institution', () => {
  it('has the largest first, with the usage of the time before', () => {
    const rows = [row('Ulm', 5), row('Graz', 10, 'missing'), row(null, 2)];
    const earlier = [row('Ulm', 8), row(null, 3)];
    expect(groupsOf(rows, earlier, GROUP_OF.institution)).toEqual([
      { key: 'Graz', name: 'Graz', site: undefined, amount: 10, earlier: 0, coverage: 'missing' },
      { key: 'Ulm', name: 'Ulm', site: undefined, amount: 5, earlier: 8, coverage: 'measured' },
      { key: '\n', name: 'no institution', site: undefined, amount: 2, earlier: 3, coverage: 'measured' },
    ]);
  });

  it('has one that had usage only in the time before', () => {
    expect(groupsOf([], [row('Ulm', 8)], GROUP_OF.institution)).toMatchObject([
      { name: 'Ulm', amount: 0, earlier: 8, coverage: 'none' },
    ]);
  });
});

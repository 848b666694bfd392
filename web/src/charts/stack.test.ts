import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../api.ts';
import { cumulated, stackOf } from './stack.ts';

const HOURS = [0, 1, 2].map((hour) => Date.UTC(2026, 10, 22, hour));

const unread = () => 'none' as const;

function row(hour: number, amount: number, coverage: UsageRow['coverage'] = 'measured'): UsageRow {
  return { start: new Date(HOURS[hour] ?? 0).toISOString(), amount, unit: 'vCPU-hours', coverage };
}

describe('a stack', () => {
  it('has the chosen layers, and the rest of the total as "other"', () => {
    const stack = stackOf(
      HOURS,
      [row(0, 10), row(1, 5), row(2, 7, 'spread')],
      [
        { key: 'a', label: 'A', rows: [row(0, 4), row(1, 5)] },
        { key: 'b', label: 'B', rows: [row(0, 1), row(2, 2)] },
      ],
      unread,
    );
    expect(stack).toEqual({
      starts: HOURS,
      layers: [
        { key: 'a', label: 'A', values: [4, 5, 0] },
        { key: 'b', label: 'B', values: [1, 0, 2] },
        { key: '', label: 'Others', values: [5, 0, 5] },
      ],
      totals: [10, 5, 7],
      coverages: ['measured', 'measured', 'spread'],
    });
  });

  it('shows an hour without readings as empty, not as zero', () => {
    const stack = stackOf(HOURS, [row(1, 3)], [{ key: 'a', label: 'A', rows: [row(1, 3)] }], unread);
    expect(stack).toEqual({
      starts: HOURS,
      layers: [{ key: 'a', label: 'A', values: [null, 3, null] }],
      totals: [null, 3, null],
      coverages: ['none', 'measured', 'none'],
    });
  });

  it('shows an hour with readings and without a row as zero', () => {
    const stack = stackOf(
      HOURS,
      [row(1, 3)],
      [{ key: 'a', label: 'A', rows: [row(1, 3)] }],
      () => 'measured',
    );
    expect(stack).toMatchObject({ layers: [{ values: [0, 3, 0] }], totals: [0, 3, 0] });
  });

  it('has no "other" if a layer is ahead of the total, or for rounding errors', () => {
    const ahead = stackOf(HOURS, [row(0, 10)], [{ key: 'a', label: 'A', rows: [row(0, 11)] }], unread);
    const rounded = stackOf(
      HOURS,
      [row(0, 0.1 + 0.2)],
      [{ key: 'a', label: 'A', rows: [row(0, 0.3)] }],
      unread,
    );
    expect([ahead.layers.length, ahead.totals[0], rounded.layers.length]).toEqual([1, 11, 1]);
  });
});

describe('stacked bars', () => {
  it('reach up to the sum of their layers, and are absent if their layer is', () => {
    const layers = [
      { key: 'a', label: 'A', values: [1, null, 3] },
      { key: 'b', label: 'B', values: [10, null, 0] },
    ];
    expect(cumulated(layers)).toEqual([
      [1, null, 3],
      [11, null, 3],
    ]);
  });
});

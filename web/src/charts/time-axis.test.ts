import { describe, expect, it } from 'vitest';
import { tickLabel, timeTicks } from './time-axis.ts';

const at = (day: number, hour: number) => Date.UTC(2026, 10, day, hour);

describe('the time axis', () => {
  it('has round hours in UTC, at most as many as fit', () => {
    expect(timeTicks(at(21, 15), at(22, 15), 5)).toEqual([at(21, 18), at(22, 0), at(22, 6), at(22, 12)]);
  });

  it('has whole days for longer times', () => {
    expect(timeTicks(at(16, 0), at(23, 0), 8).map(tickLabel)).toEqual([
      '16 Nov',
      '17 Nov',
      '18 Nov',
      '19 Nov',
      '20 Nov',
      '21 Nov',
      '22 Nov',
      '23 Nov',
    ]);
  });

  it('shows the date at midnight, otherwise the time', () => {
    expect([tickLabel(at(21, 18)), tickLabel(at(22, 0))]).toEqual(['18:00', '22 Nov']);
  });
});

import { describe, expect, it } from 'vitest';
import { dayAndMonth, monthAndYear } from '../format.ts';
import { spanOf } from '../period.ts';
import { spanTickLabel, spanTicks, tickLabel, timeTicks } from './time-axis.ts';

const at = (day: number, hour: number) => Date.UTC(2026, 10, day, hour);

describe('the time axis', () => {
  it('has round hours in UTC, at most as many as fit', () => {
    expect(timeTicks(at(21, 15), at(22, 15), 5)).toEqual([at(21, 18), at(22, 0), at(22, 6), at(22, 12)]);
  });

  it('has whole days for longer times', () => {
    expect(timeTicks(at(16, 0), at(23, 0), 8).map((tick) => tickLabel(tick))).toEqual(
      [16, 17, 18, 19, 20, 21, 22, 23].map((day) => dayAndMonth(at(day, 0))),
    );
  });

  it('shows the date at midnight, otherwise the time', () => {
    expect([tickLabel(at(21, 18)), tickLabel(at(22, 0))]).toEqual(['18:00', dayAndMonth(at(22, 0))]);
  });

  it('has the midnights of a time zone, and the starts of months', () => {
    const berlin = { zone: 'Europe/Berlin', compare: 'none' } as const;
    const week = spanOf({ ...berlin, range: '2026-10-24..2026-10-27' }, 'day', at(22, 0));
    const ticks = spanTicks(week, 5);
    expect(ticks.map((tick) => spanTickLabel(tick, week))).toEqual(
      [24, 25, 26, 27, 28].map((day) => dayAndMonth(Date.UTC(2026, 9, day))),
    );
    const year = spanOf({ ...berlin, range: '2025' }, 'month', at(22, 0));
    expect(spanTicks(year, 4).map((tick) => spanTickLabel(tick, year))).toEqual(
      [0, 3, 6, 9].map((month) => monthAndYear(Date.UTC(2025, month))),
    );
  });
});

import { expect, it } from 'vitest';
import type { CoverageRow } from '../../api.ts';
import { calendarMonths, coverageDays, yearUpTo } from './coverage-days.ts';

const row = (start: string, coverage: CoverageRow['coverage'], reached = true): CoverageRow => ({
  start,
  coverage,
  measured_seconds: 3600,
  spread_seconds: 60,
  reached,
});

it('a year has 366 days up to the present one', () => {
  const { fromMs, toMs } = yearUpTo(Date.UTC(2026, 10, 29, 22));
  expect([fromMs, toMs].map((ms) => new Date(ms).toISOString())).toEqual([
    '2025-11-29T00:00:00.000Z',
    '2026-11-30T00:00:00.000Z',
  ]);
  expect(coverageDays({ fromMs, toMs }, [])).toHaveLength(366);
});

it('a day without a row, or that no reading has reached, is not read yet', () => {
  const time = { fromMs: Date.UTC(2026, 1, 27), toMs: Date.UTC(2026, 2, 2) };
  const days = coverageDays(time, [
    row('2026-02-27T00:00:00.000Z', 'spread'),
    row('2026-02-28T00:00:00.000Z', 'measured', false),
    row('2026-03-01T00:00:00.000Z', 'missing', false),
  ]);
  expect(days.map(({ coverage }) => coverage)).toEqual(['spread', 'none', 'missing']);
  expect(days[0]).toEqual({
    startMs: time.fromMs,
    coverage: 'spread',
    measuredMs: 3_600_000,
    spreadMs: 60_000,
  });
});

it('months come with the latest first, and each day at its number', () => {
  const days = coverageDays({ fromMs: Date.UTC(2026, 1, 27), toMs: Date.UTC(2026, 2, 2) }, []);
  const shown = calendarMonths(days).map(({ startMs, days: ofMonth }) => [
    new Date(startMs).toISOString().slice(0, 7),
    ofMonth.length,
    ofMonth.flatMap((day, index) => (day === undefined ? [] : index + 1)),
  ]);
  expect(shown).toEqual([
    ['2026-03', 31, [1]],
    ['2026-02', 31, [27, 28]],
  ]);
});

import { describe, expect, it } from 'vitest';
import { dayAndMonth, dayMonthYear, monthAndYear } from '../format.ts';
import { CALENDAR, movedRange, parseRange, rangeWords } from './range.ts';

const NOW = Date.UTC(2026, 10, 22);
const day = (month: number, date: number) => Date.UTC(2026, month - 1, date);

describe('a range of time', () => {
  it('is words', () => {
    expect(['24h', '7d', ...CALENDAR.slice(2, 4), '2026-Q2', '2026-06', '2026'].map(rangeWords)).toEqual([
      'the last 24 hours',
      'the last 7 days',
      'this quarter',
      'last quarter',
      'Q2 2026',
      monthAndYear(Date.UTC(2026, 5)),
      '2026',
    ]);
    expect(rangeWords('2026-04-01..2026-06-15')).toBe(
      `${dayAndMonth(day(4, 1))} to ${dayMonthYear(day(6, 15))}`,
    );
    expect(rangeWords('2025-12-01..2026-01-15')).toBe(
      `${dayMonthYear(Date.UTC(2025, 11, 1))} to ${dayMonthYear(day(1, 15))}`,
    );
    expect(rangeWords('2026-04-01..2026-04-01')).toBe(dayMonthYear(day(4, 1)));
  });

  it.each([
    '',
    '8d',
    'this-week',
    '2026-Q5',
    '2026-13',
    '0999',
    '2200',
    '2026-02-29..2026-03-01',
    '2026-06-15..2026-04-01',
    '2025-01-01..2026-06-01',
    '2026-04-01',
  ])('is not %s', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it('moves by its own length, and then has a name that stays', () => {
    const moved = (name: string, steps: number) => movedRange(name, steps, NOW);
    expect(moved('this-quarter', -1)).toBe('2026-Q3');
    expect(moved('last-quarter', -1)).toBe('2026-Q2');
    expect(moved('2026-01', -1)).toBe('2025-12');
    expect(moved('last-year', 1)).toBe('2026');
    expect(moved('2026-06-01..2026-06-10', 1)).toBe('2026-06-11..2026-06-20');
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateIn, periodBefore, periodName, readPeriod, yearBefore, yearsOf, type Period } from './period.ts';

const TODAY = '2026-11-29';
const read = (text: string) => readPeriod(text, TODAY);
const said = ({ from, to }: Period) => `${from} ${to}`;

describe('the period of a report', () => {
  it.each([
    ['2026', '2026-01-01 2027-01-01'],
    ['2026-Q1', '2026-01-01 2026-04-01'],
    ['2026-Q4', '2026-10-01 2027-01-01'],
    ['2026-12', '2026-12-01 2027-01-01'],
    ['2026-02-28', '2026-02-28 2026-03-01'],
    ['2026-04-01..2026-06-30', '2026-04-01 2026-07-01'],
    ['this-month', '2026-11-01 2026-12-01'],
    ['last-month', '2026-10-01 2026-11-01'],
    ['this-quarter', '2026-10-01 2027-01-01'],
    ['last-quarter', '2026-07-01 2026-10-01'],
    ['last-year', '2025-01-01 2026-01-01'],
  ])('is written as %s', (text, period) => {
    expect(said(read(text))).toBe(period);
  });

  it('is in the year before, for the last month in January', () => {
    expect(said(readPeriod('last-month', '2026-01-31'))).toBe('2025-12-01 2026-01-01');
    expect(said(readPeriod('last-quarter', '2026-03-01'))).toBe('2025-10-01 2026-01-01');
  });

  it.each([
    '',
    '26',
    '2026-Q5',
    '2026-13',
    '2026-02-30',
    'next-month',
    '2026-04-01..',
    '2026-04-01..2026-06-31',
  ])('cannot be %j', (text) => {
    expect(() => read(text)).toThrow(/ is not a (?:date|period); write 2026, 2026-Q2, 2026-10, /);
  });

  it('has a day at least', () => {
    expect(() => read('2026-04-02..2026-04-01')).toThrow('2026-04-01 is before 2026-04-02');
  });

  it.each([
    ['2026', '2025', '2025'],
    ['2026-Q1', '2025-Q4', '2025-Q1'],
    ['2026-03', '2026-02', '2025-03'],
    ['2026-03-01', '2026-02-28', '2025-03-01'],
    ['2024-02-29', '2024-02-28', '2023-02-28'],
    ['2024-02-01..2024-02-28', '2024-01-04..2024-01-31', '2023-02'],
    ['2026-04-01..2026-05-31', '2026-02-01..2026-03-31', '2025-04-01..2025-05-31'],
    ['2026-04-02..2026-04-11', '2026-03-23..2026-04-01', '2025-04-02..2025-04-11'],
  ])('%s is compared with %s, or with %s a year before', (text, before, year) => {
    expect([periodName(periodBefore(read(text))), periodName(yearBefore(read(text)))]).toEqual([
      before,
      year,
    ]);
  });

  it('touches the one before', () => {
    const day = fc.integer({ min: 0, max: 50_000 });
    fc.assert(
      fc.property(day, day, (start, length) => {
        const [from = '', to = ''] = [start, start + length + 1].map((n) =>
          new Date(n * 86_400_000).toISOString().slice(0, 10),
        );
        expect(periodBefore({ from, to }).to).toBe(from);
        const years = yearsOf({ from, to });
        expect([years[0]?.from, years.at(-1)?.to]).toEqual([from, to]);
        expect(years.slice(1).map((year) => year.from)).toEqual(years.slice(0, -1).map((year) => year.to));
      }),
    );
  });
});

it('the date is that of the time zone', () => {
  const atMs = Date.UTC(2026, 9, 31, 23, 30);
  expect([dateIn('UTC', atMs), dateIn('Europe/Berlin', atMs)]).toEqual(['2026-10-31', '2026-11-01']);
  expect(() => dateIn('Europe/Bielefeld', atMs)).toThrow(RangeError);
});

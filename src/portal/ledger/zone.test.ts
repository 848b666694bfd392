import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { UsageStep } from './ledger.ts';
import { stepEnd, stepsBetween, stepStart, stepStarts } from './steps.ts';
import { zoneNamed } from './zone.ts';

const hourOf = (time: string) => Date.parse(`${time}:00Z`) / MS_PER_HOUR;
const timeOf = (hour: number) => new Date(hour * MS_PER_HOUR).toISOString().slice(0, 13);

function starts(name: string, step: UsageStep, from: string, to: string): string[] {
  const range = { fromHour: hourOf(from), toHour: hourOf(to) };
  return stepStarts(step, range, zoneNamed(name, range)).map(timeOf);
}

/** The date and the hour that a clock in the zone shows, by Intl. */
function clock(name: string, hour: number): string {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: name,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  return parts.format(hour * MS_PER_HOUR);
}

describe('days of a zone begin at its midnight', () => {
  it.each([
    ['into summer time', '2026-03-28T23:00', ['2026-03-28T23', '2026-03-29T22', '2026-03-30T22']],
    ['out of summer time', '2026-10-24T22:00', ['2026-10-24T22', '2026-10-25T23', '2026-10-26T23']],
  ])('%s', (_which, from, days) => {
    const to = timeOf(hourOf(from) + 71);
    expect(starts('Europe/Berlin', 'day', from, `${to}:00`)).toEqual(days);
  });

  it('or at their first hour, where a change skips midnight', () => {
    // Summer time began at 00:00 on November 4th.
    expect(starts('America/Sao_Paulo', 'day', '2018-11-03T03:00', '2018-11-05T02:00')).toEqual([
      '2018-11-03T03',
      '2018-11-04T03',
    ]);
    // There was no December 30th.
    expect(starts('Pacific/Apia', 'day', '2011-12-29T10:00', '2012-01-01T10:00')).toEqual([
      '2011-12-29T10',
      '2011-12-30T10',
      '2011-12-31T10',
    ]);
  });
});

it('months, quarters and years of a zone begin at its midnight', () => {
  const berlin = (step: UsageStep) => starts('Europe/Berlin', step, '2025-12-31T23:00', '2026-12-31T23:00');
  expect(berlin('year')).toEqual(['2025-12-31T23']);
  expect(berlin('quarter')).toEqual(['2025-12-31T23', '2026-03-31T22', '2026-06-30T22', '2026-09-30T22']);
  expect(berlin('month').slice(1, 4)).toEqual(['2026-01-31T23', '2026-02-28T23', '2026-03-31T22']);
});

it('tells the hours of an offset that are not whole, and of a name that nobody knows', () => {
  const range = { fromHour: hourOf('2026-01-01T00:00'), toHour: hourOf('2026-12-31T00:00') };
  expect(zoneNamed('Asia/Kolkata', range).map(({ hours }) => hours)).toEqual([5.5]);
  expect(zoneNamed('Australia/Lord_Howe', range).map(({ hours }) => hours)).toEqual([11, 10.5, 11]);
  expect(() => zoneNamed('Europe/Bielefeld', range)).toThrow(RangeError);
});

const anyZone = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Tokyo',
  'Pacific/Apia',
  'Pacific/Auckland',
  'Antarctica/Troll',
  'Africa/Cairo',
);
const anyRange = fc
  .tuple(
    fc.integer({ min: hourOf('2005-01-01T00:00'), max: hourOf('2035-01-01T00:00') }),
    fc.integer({ min: 1, max: 9_000 }),
  )
  .map(([fromHour, hours]) => ({ fromHour, toHour: fromHour + hours }));

describe('steps of any zone', () => {
  it('join, have every hour once, and are as many as were counted, at most', () => {
    const step = fc.constantFrom('hour', 'day', 'month', 'quarter', 'year', 'total');
    fc.assert(
      fc.property(anyZone, step, anyRange, fc.nat(), (name, one, range, nth) => {
        const zone = zoneNamed(name, range);
        const all = stepStarts(one, range, zone);
        const ends = all.map((start) => stepEnd(one, start, range, zone));
        expect([...all, range.toHour]).toEqual([range.fromHour, ...ends]);
        expect(all.length).toBeLessThanOrEqual(stepsBetween(one, range, zone));
        const hour = range.fromHour + (nth % (range.toHour - range.fromHour));
        const start = all.findLast((each) => each <= hour) as number;
        expect(start).toBe(stepStart(one, hour, range, zone));
      }),
      { numRuns: 300 },
    );
  });

  it('have the hours of one date, month or year on the clocks of the zone, and no others', () => {
    const step = fc.constantFrom(['day', 10], ['month', 7], ['year', 4]) as fc.Arbitrary<
      ['day' | 'month' | 'year', number]
    >;
    fc.assert(
      fc.property(anyZone, step, anyRange, fc.nat(), (name, [one, length], range, nth) => {
        const zone = zoneNamed(name, range);
        const hour = range.fromHour + (nth % (range.toHour - range.fromHour));
        const start = stepStart(one, hour, range, zone);
        const end = stepEnd(one, start, range, zone);
        const shown = (at: number) => clock(name, at).slice(0, length);
        expect([shown(start), shown(end - 1)]).toEqual([shown(hour), shown(hour)]);
        const isOther = (at: number) => shown(at) !== shown(hour);
        expect(end === range.toHour || isOther(end)).toBe(true);
        expect(start === range.fromHour || isOther(start - 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, monthAndYear } from './format.ts';
import {
  bucketName,
  isInProgress,
  LAST_24_HOURS,
  spanBefore,
  spanOf,
  stepFor,
  stepsOf,
  type BucketStep,
  type Comparison,
  type Span,
} from './period.ts';

const NOW = Date.UTC(2026, 10, 22, 14, 30);

const iso = (atMs: number) => new Date(atMs).toISOString().slice(0, 16);
const ends = ({ fromMs, toMs, starts }: Span) => [iso(fromMs), iso(toMs), starts.length];
const named = (range: string, zone = 'UTC', compare: Comparison = 'none') => ({ range, zone, compare });

describe('the last hours or days', () => {
  it('end with the current hour, and are as many as the period has', () => {
    expect(ends(spanOf(LAST_24_HOURS, 'hour', NOW))).toEqual(['2026-11-21T15:00', '2026-11-22T15:00', 24]);
  });

  it('are whole days in UTC if the step is a day', () => {
    expect(ends(spanOf(named('7d'), 'day', NOW))).toEqual(['2026-11-16T00:00', '2026-11-23T00:00', 7]);
  });

  it('change to a new hour exactly at its start', () => {
    expect(spanOf(LAST_24_HOURS, 'hour', Date.UTC(2026, 10, 22, 14)).toMs).toBe(Date.UTC(2026, 10, 22, 15));
  });

  it('are as many hours when the clocks change, and days from midnight to midnight', () => {
    const now = Date.UTC(2026, 9, 25, 14, 30);
    expect(ends(spanOf(named('24h', 'Europe/Berlin'), 'hour', now))).toEqual([
      '2026-10-24T15:00',
      '2026-10-25T15:00',
      24,
    ]);
    expect(ends(spanOf(named('7d', 'Europe/Berlin'), 'day', now))).toEqual([
      '2026-10-18T22:00',
      '2026-10-25T23:00',
      7,
    ]);
  });
});

describe('months, quarters, years and dates', () => {
  it.each([
    ['this-month', 'day', '2026-11-01T00:00', '2026-11-23T00:00', 22],
    ['last-month', 'day', '2026-10-01T00:00', '2026-11-01T00:00', 31],
    ['this-quarter', 'month', '2026-10-01T00:00', '2026-12-01T00:00', 2],
    ['last-quarter', 'day', '2026-07-01T00:00', '2026-10-01T00:00', 92],
    ['this-year', 'month', '2026-01-01T00:00', '2026-12-01T00:00', 11],
    ['last-year', 'month', '2025-01-01T00:00', '2026-01-01T00:00', 12],
    ['2024-02', 'day', '2024-02-01T00:00', '2024-03-01T00:00', 29],
    ['2026-Q2', 'month', '2026-04-01T00:00', '2026-07-01T00:00', 3],
    ['2026-04-15..2026-06-10', 'month', '2026-04-15T00:00', '2026-06-11T00:00', 3],
    ['2027', 'month', '2027-01-01T00:00', '2027-02-01T00:00', 1],
  ] as const)('of %s by %s', (range, step, from, to, steps) => {
    expect(ends(spanOf(named(range), step, NOW))).toEqual([from, to, steps]);
  });

  it('begin at midnight in a time zone', () => {
    const span = spanOf(named('2026-Q2', 'America/New_York'), 'month', NOW);
    expect(ends(span)).toEqual(['2026-04-01T04:00', '2026-07-01T04:00', 3]);
    expect(span.starts.map((_, index) => bucketName(span, index))).toEqual(
      [3, 4, 5].map((month) => monthAndYear(Date.UTC(2026, month))),
    );
  });

  it('have steps that fit them', () => {
    const fitting = (range: string): [BucketStep[], BucketStep] => [
      stepsOf(named(range), NOW),
      stepFor(named(range), undefined, NOW),
    ];
    expect(fitting('24h')).toEqual([['hour', 'day'], 'hour']);
    expect(fitting('2026-10')).toEqual([['hour', 'day'], 'day']);
    expect(fitting('2026-Q1')).toEqual([['day', 'month'], 'day']);
    expect(fitting('2026')).toEqual([['day', 'month'], 'month']);
    expect(stepFor(named('2026'), 'hour', NOW)).toBe('month');
  });
});

describe('the time that a period is compared with', () => {
  const before = (range: string, compare: Comparison, step: BucketStep = 'day', zone = 'UTC') => {
    const earlier = spanBefore(spanOf(named(range, zone, compare), step, NOW), NOW);
    return earlier && ends(earlier);
  };

  it.each([
    ['2026-Q2', 'before', '2026-01-01T00:00', '2026-04-01T00:00', 90],
    ['2026-Q2', 'year', '2025-04-01T00:00', '2025-07-01T00:00', 91],
    ['2024-02', 'year', '2023-02-01T00:00', '2023-03-01T00:00', 28],
    ['2024-02-29..2024-02-29', 'year', '2023-02-28T00:00', '2023-03-01T00:00', 1],
    ['2024-02-01..2024-02-28', 'year', '2023-02-01T00:00', '2023-03-01T00:00', 28],
    ['2026-03', 'before', '2026-02-01T00:00', '2026-03-01T00:00', 28],
    ['7d', 'before', '2026-11-09T00:00', '2026-11-16T00:00', 7],
    ['2026-06-01..2026-06-10', 'before', '2026-05-22T00:00', '2026-06-01T00:00', 10],
  ] as const)('of %s, %s', (range, compare, from, to, days) => {
    expect(before(range, compare)).toEqual([from, to, days]);
  });

  it('is as long as the part of a period that has started', () => {
    expect(before('this-month', 'before')).toEqual(['2026-10-01T00:00', '2026-10-23T00:00', 22]);
    expect(before('this-year', 'year', 'month')).toEqual(['2025-01-01T00:00', '2025-11-23T00:00', 11]);
    expect(before('2026', 'before', 'month', 'Europe/Berlin')).toEqual([
      '2024-12-31T23:00',
      '2025-11-22T23:00',
      11,
    ]);
    expect(before('2027', 'before', 'month')).toEqual(['2026-01-01T00:00', '2026-01-02T00:00', 1]);
  });

  it('begins at midnight, too, across a change to summer time', () => {
    expect(before('2026-04', 'before', 'day', 'Europe/Berlin')).toEqual([
      '2026-02-28T23:00',
      '2026-03-31T22:00',
      31,
    ]);
    expect(before('24h', 'before', 'hour')).toEqual(['2026-11-20T15:00', '2026-11-21T15:00', 24]);
  });

  it('is none without a comparison', () => {
    expect(before('2026-Q2', 'none')).toBeUndefined();
  });
});

describe('an hour', () => {
  it('is in progress until it is over', () => {
    const span = spanOf(LAST_24_HOURS, 'hour', NOW);
    const end = span.toMs;
    expect([isInProgress(span, 23, end - 1), isInProgress(span, 23, end)]).toEqual([true, false]);
    expect(isInProgress(span, 22, end - HOUR_MS)).toBe(false);
    expect(span.toMs - span.fromMs).toBe(DAY_MS);
  });
});

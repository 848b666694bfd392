import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import {
  firstHourNeeded,
  piecesOf,
  stepEnd,
  stepsBetween,
  stepStart,
  stepStarts,
  type Piece,
} from './steps.ts';

const hourOf = (time: string) => Date.parse(`${time}:00Z`) / MS_PER_HOUR;
const range = (from: string, to: string) => ({ fromHour: hourOf(from), toHour: hourOf(to) });
const anyStep = fc.constantFrom('hour', 'day', 'month', 'quarter', 'year', 'total');
const piece = (sumsOf: Piece['sumsOf'], from: string, to: string): Piece => ({ sumsOf, ...range(from, to) });

describe('usage of a range is summed', () => {
  const untidy = range('2025-12-30T22:00', '2026-03-02T03:00');
  const evening = piece('hours', '2025-12-30T22:00', '2025-12-31T00:00');
  const night = piece('hours', '2026-03-02T00:00', '2026-03-02T03:00');

  it('by month and in total from whole months, then from whole days, then from hours', () => {
    const pieces = [
      evening,
      piece('days', '2025-12-31T00:00', '2026-01-01T00:00'),
      piece('months', '2026-01-01T00:00', '2026-03-01T00:00'),
      piece('days', '2026-03-01T00:00', '2026-03-02T00:00'),
      night,
    ];
    expect(piecesOf('month', untidy)).toEqual(pieces);
    expect(piecesOf('total', untidy)).toEqual(pieces);
  });

  it('by day from whole days, by hour from hours', () => {
    expect(piecesOf('day', untidy)).toEqual([
      evening,
      piece('days', '2025-12-31T00:00', '2026-03-02T00:00'),
      night,
    ]);
    expect(piecesOf('hour', untidy)).toEqual([{ sumsOf: 'hours', ...untidy }]);
  });

  it('from months only, days only or hours only, if these fill it', () => {
    expect(piecesOf('total', range('2026-02-01T00:00', '2026-03-01T00:00'))).toEqual([
      piece('months', '2026-02-01T00:00', '2026-03-01T00:00'),
    ]);
    expect(piecesOf('month', range('2026-02-01T00:00', '2026-02-28T00:00'))).toEqual([
      piece('days', '2026-02-01T00:00', '2026-02-28T00:00'),
    ]);
    expect(piecesOf('total', range('2026-02-01T01:00', '2026-02-02T23:00'))).toEqual([
      piece('hours', '2026-02-01T01:00', '2026-02-02T23:00'),
    ]);
  });

  it('from pieces that fill it without overlap, each of whole months or whole days', () => {
    const anyRange = fc
      .tuple(fc.integer({ min: 480_000, max: 500_000 }), fc.integer({ min: 1, max: 3_000 }))
      .map(([fromHour, hours]) => ({ fromHour, toHour: fromHour + hours }));
    fc.assert(
      fc.property(anyStep, anyRange, (step, asked) => {
        const pieces = piecesOf(step, asked);
        const ends = pieces.map(({ toHour }) => toHour);
        expect(pieces.map(({ fromHour }) => fromHour)).toEqual([asked.fromHour, ...ends.slice(0, -1)]);
        expect(ends.at(-1)).toBe(asked.toHour);
        for (const { sumsOf, fromHour, toHour } of pieces) {
          const times = [fromHour, toHour].map((hour) => new Date(hour * MS_PER_HOUR).toISOString());
          const begins = { hours: /:00:00/, days: /T00:00:00/, months: /-01T00:00:00/ }[sumsOf];
          for (const time of times) expect(time).toMatch(begins);
        }
      }),
    );
  });
});

describe('the first hour that is needed by itself', () => {
  it('lies before the first whole day, or after the last', () => {
    expect(firstHourNeeded('total', range('2026-01-31T23:00', '2026-03-01T00:00'))).toBe(
      hourOf('2026-01-31T23:00'),
    );
    expect(firstHourNeeded('day', range('2026-01-01T00:00', '2026-01-02T01:00'))).toBe(
      hourOf('2026-01-02T00:00'),
    );
    expect(firstHourNeeded('month', range('2026-01-05T00:00', '2026-03-09T00:00'))).toBeUndefined();
  });
});

it('counts as many steps of a range as it lists', () => {
  const hour = fc.integer({ min: 0, max: 20_000 });
  fc.assert(
    fc.property(anyStep, hour, hour, (step, fromHour, toHour) => {
      const asked = { fromHour, toHour };
      expect(stepsBetween(step, asked)).toBe(stepStarts(step, asked).length);
    }),
    {
      examples: [
        ['month', 0, 0],
        ['month', 0, 744],
        ['month', 0, 745],
        ['month', 743, 745],
        ['year', 8759, 8761],
      ],
    },
  );
});

it('puts every hour of a range into exactly one step', () => {
  const hour = fc.integer({ min: 0, max: 20_000 });
  fc.assert(
    fc.property(anyStep, hour, fc.integer({ min: 1, max: 5_000 }), fc.nat(), (step, fromHour, hours, nth) => {
      const asked = { fromHour, toHour: fromHour + hours };
      const one = fromHour + (nth % hours);
      const start = stepStart(step, one, asked);
      expect(stepStarts(step, asked).findLast((each) => each <= one)).toBe(start);
      expect(stepEnd(step, start, asked)).toBeGreaterThan(one);
    }),
  );
});

it('starts quarters in January, April, July and October, and years in January', () => {
  const starts = (step: 'quarter' | 'year') =>
    stepStarts(step, range('2025-11-05T07:00', '2027-01-01T00:00')).map((hour) =>
      new Date(hour * MS_PER_HOUR).toISOString().slice(0, 13),
    );
  expect(starts('quarter')).toEqual([
    '2025-11-05T07',
    '2026-01-01T00',
    '2026-04-01T00',
    '2026-07-01T00',
    '2026-10-01T00',
  ]);
  expect(starts('year')).toEqual(['2025-11-05T07', '2026-01-01T00']);
});

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { spanBefore, spanOf } from '../../../web/src/period.ts';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { stepStarts } from './steps.ts';
import { zoneNamed } from './zone.ts';

const LONG_AFTER = Date.UTC(2040, 0);

const anyZone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Pacific/Apia',
  'Pacific/Auckland',
);
const anyDay = fc.integer({ min: Date.UTC(2008, 0) / 86_400_000, max: Date.UTC(2035, 0) / 86_400_000 });
const date = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
const anyRange = fc.oneof(
  anyDay.map((day) => date(day).slice(0, 4)),
  anyDay.map((day) => date(day).slice(0, 7)),
  fc
    .tuple(anyDay, fc.constantFrom(1, 2, 3, 4))
    .map(([day, quarter]) => `${date(day).slice(0, 4)}-Q${quarter}`),
  fc
    .tuple(anyDay, fc.integer({ min: 0, max: 365 }))
    .map(([day, length]) => `${date(day)}..${date(day + length)}`),
);

it('the pages divide a period into the same hours, days and months as the portal', () => {
  fc.assert(
    fc.property(
      anyRange,
      anyZone,
      fc.constantFrom('hour', 'day', 'month'),
      fc.constantFrom('before', 'year'),
      (range, zone, step, compare) => {
        const span = spanOf({ range, zone, compare }, step, LONG_AFTER);
        for (const { fromMs, toMs, starts } of [span, spanBefore(span, LONG_AFTER)].flatMap(
          (one) => one ?? [],
        )) {
          const hours = { fromHour: fromMs / MS_PER_HOUR, toHour: toMs / MS_PER_HOUR };
          const known = stepStarts(step, hours, zoneNamed(zone, hours));
          expect(starts).toEqual(known.map((hour) => hour * MS_PER_HOUR));
        }
      },
    ),
    { numRuns: 200 },
  );
});

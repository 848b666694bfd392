import { expect, it } from 'vitest';
import { rulesOfSite } from './site-rules.ts';
import { whyStandstill } from './standstill.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 0, 31, 12);
const whyAfter = (minutes: number, intervalMs?: number) =>
  whyStandstill({ lastReadingMs: NOON, lastSuccessMs: NOON + minutes * MINUTE }, rulesOfSite(intervalMs));

it('is no standstill within an ordinary pause of the site', () => {
  expect([whyAfter(15), whyAfter(30, 10 * MINUTE), whyAfter(60, 24 * 60 * MINUTE)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it('is one beyond, and says since when', () => {
  const why = "the site answers, but the exporter's totals have not moved since 2026-01-31T12:00:00.000Z";
  expect([whyAfter(16), whyAfter(31, 10 * MINUTE), whyAfter(61, 24 * 60 * MINUTE)]).toEqual([why, why, why]);
});

it('is none of a site that was never read, or never had a reading', () => {
  const rules = rulesOfSite(undefined);
  expect(whyStandstill({ lastReadingMs: undefined, lastSuccessMs: NOON }, rules)).toBeUndefined();
  expect(whyStandstill({ lastReadingMs: NOON, lastSuccessMs: undefined }, rules)).toBeUndefined();
});

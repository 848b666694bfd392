import { expect, it } from 'vitest';
import { rulesOfSite } from './site-rules.ts';
import { whyStandstill } from './standstill.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 0, 31, 12);
const ONE = [{ cloud: '', lastMs: NOON }];
const whyAfter = (minutes: number, intervalMs?: number, clouds = ONE) =>
  whyStandstill(NOON + minutes * MINUTE, clouds, rulesOfSite(intervalMs));

it('an ordinary pause of the site is no standstill', () => {
  expect([whyAfter(15), whyAfter(30, 10 * MINUTE), whyAfter(60, 24 * 60 * MINUTE)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it('a longer pause is a standstill, and the message says when it started', () => {
  const why = "the site answers, but the exporter's totals have not moved since 2026-01-31T12:00:00.000Z";
  expect([whyAfter(16), whyAfter(31, 10 * MINUTE), whyAfter(61, 24 * 60 * MINUTE)]).toEqual([why, why, why]);
});

it('one of several clouds is enough for a standstill, and the message names it', () => {
  const whyOf = (...clouds: [string, number][]) =>
    whyAfter(
      16,
      undefined,
      clouds.map(([cloud, minute]) => ({ cloud, lastMs: NOON + minute * MINUTE })),
    );
  const since = 'have not moved since 2026-01-31T12:00:00.000Z';
  const west = `the site answers, but the totals of cloud 'west' ${since}`;
  expect([whyOf(['east', 15], ['west', 0]), whyOf(['west', 0], ['east', 15])]).toEqual([west, west]);
  expect(whyOf(['', 0], ['east', 15])).toBe(`the site answers, but the totals without a cloud ${since}`);
  expect(whyOf(['east', 15], ['west', 1])).toBeUndefined();
});

it('a site without readings, or without an expected cloud, has no standstill', () => {
  const rules = rulesOfSite(undefined);
  expect(whyStandstill(NOON, [], rules)).toBeUndefined();
  expect(whyStandstill(undefined, ONE, rules)).toBeUndefined();
});

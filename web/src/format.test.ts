import { describe, expect, it } from 'vitest';
import {
  age,
  bucketLabel,
  DAY_MS,
  dayAndMonth,
  dayMonthYear,
  exactInstant,
  formatsOf,
  HOUR_MS,
  isoInstant,
  plural,
  share,
} from './format.ts';

const AT = Date.UTC(2026, 10, 22, 14, 3, 12, 345);

describe('times', () => {
  it('are UTC to the second in every time zone', () => {
    expect([isoInstant(AT), exactInstant(AT)]).toEqual(['2026-11-22T14:03:12Z', '2026-11-22 14:03:12 UTC']);
  });

  it('name an hour by both its ends, also at midnight', () => {
    expect(bucketLabel(Date.UTC(2026, 10, 22, 23), 'hour')).toBe(`${dayAndMonth(AT)} 23:00–00:00`);
  });

  it('name a day by its date', () => {
    expect(bucketLabel(Date.UTC(2026, 0, 1), 'day')).toBe(dayMonthYear(Date.UTC(2026, 0, 1)));
  });
});

describe('dates and numbers', () => {
  it.each([
    ['en-US', ['22 Nov', 'Nov 2026', '22 Nov 2026', '12,346', '12,345.678', '4.2%']],
    ['de', ['22. Nov.', 'Nov. 2026', '22. Nov. 2026', '12.346', '12.345,678', '4,2\u00a0%']],
  ])('are written as in %s', (language, texts) => {
    const { monthAndYear, count, exact, ...of } = formatsOf(language);
    const dates = [of.dayAndMonth(AT), monthAndYear(AT), of.dayMonthYear(AT)];
    expect([...dates, count(12_345.678), exact(12_345.678), of.share(42, 1000)]).toEqual(texts);
  });
});

it('decimals keep all their places, in each language', () => {
  const text = '-12345678901234567.80';
  expect([
    formatsOf('en-US').decimal(text),
    formatsOf('de').decimal(text),
    formatsOf('de').decimal('3'),
  ]).toEqual(['-12,345,678,901,234,567.80', '-12.345.678.901.234.567,80', '3']);
});

describe('an age', () => {
  it.each([
    [0, 'just now'],
    [999, 'just now'],
    [12_900, '12 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [HOUR_MS, '1 h ago'],
    [47 * HOUR_MS, '47 h ago'],
    [48 * HOUR_MS, '2 d ago'],
    [12.9 * DAY_MS, '12 d ago'],
  ])('of %d ms is "%s"', (passedMs, words) => {
    expect(age(AT, AT + passedMs)).toBe(words);
  });

  it('of a future instant says so, except for a small difference of clocks', () => {
    expect([age(AT, AT - 4_000), age(AT, AT - 61_000)]).toEqual(['just now', 'in 1 min']);
  });
});

describe('counts and shares', () => {
  it('use the singular only for 1', () => {
    expect([0, 1, 2].map((value) => plural(value, 'site'))).toEqual(['0 sites', '1 site', '2 sites']);
  });

  it('of zero are a dash', () => {
    expect(share(0, 0)).toBe('–');
  });
});

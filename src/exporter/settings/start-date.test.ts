import { describe, expect, it } from 'vitest';
import { parseStartDate } from './start-date.ts';

const now = Date.UTC(2026, 5, 1);

describe('a start date', () => {
  it.each([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T12:30', Date.UTC(2026, 0, 31, 12, 30)],
    ['2026-01-31 12:30:15', Date.UTC(2026, 0, 31, 12, 30, 15)],
    ['2026-01-31T12:30:15Z', Date.UTC(2026, 0, 31, 12, 30, 15)],
    ['2026-01-31T12:30:15+02:00', Date.UTC(2026, 0, 31, 10, 30, 15)],
  ])('%s is in UTC unless it has a zone', (text, instantMs) => {
    expect(parseStartDate(text, now)).toBe(instantMs);
  });

  it.each([
    ['yesterday', 'is not a date'],
    ['2026-02-30', 'is not a date'],
    ['31.01.2026', 'is not a date'],
    ['2026-01-31T25:00', 'is not a date'],
    ['0001-01-01', "is before OpenStack's first release"],
    ['2026-06-02', 'is in the future'],
  ])('%s is refused', (text, message) => {
    expect(() => parseStartDate(text, now)).toThrow(`--start: '${text}' ${message}`);
  });
});

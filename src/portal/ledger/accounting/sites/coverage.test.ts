import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf } from './coverage.ts';
import { DEFAULT_RULES } from '../meters/meter.ts';

const HOUR = MS_PER_HOUR;
const readUntil = (hours: number, expected = true) => ({
  progress: { firstMs: 2 * HOUR, lastMs: hours * HOUR },
  expected,
  rules: DEFAULT_RULES,
});
const hour = (index: number, spread = false) => ({ fromMs: index * HOUR, toMs: (index + 1) * HOUR, spread });

describe('coverageOf', () => {
  it('is measured between the first and the last reading, or spread if usage was spread over a gap', () => {
    expect(coverageOf(hour(5), [readUntil(10)], 10 * HOUR)).toBe('measured');
    expect(coverageOf(hour(5, true), [readUntil(10)], 10 * HOUR)).toBe('spread');
  });

  it('is never missing before the first reading', () => {
    expect(coverageOf(hour(0), [readUntil(10)], 10 * HOUR)).toBe('measured');
    expect(
      coverageOf(hour(0), [{ progress: undefined, expected: true, rules: DEFAULT_RULES }], 10 * HOUR),
    ).toBe('measured');
  });

  it('is not missing for the rest of the present hour', () => {
    expect(coverageOf(hour(10), [readUntil(10.1)], 10.9 * HOUR)).toBe('measured');
  });

  it('waits for an ordinary pause after the end of an hour', () => {
    const end = 11 * HOUR;
    const pause = DEFAULT_RULES.gapThresholdMs;
    expect(coverageOf(hour(10), [readUntil(10.99)], end + pause - 1)).toBe('measured');
    expect(coverageOf(hour(10), [readUntil(10.99)], end + pause)).toBe('missing');
  });

  it('waits longer for a site that is read seldom', () => {
    const seldom = { ...readUntil(10.99), rules: { gapThresholdMs: 0.75 * HOUR } };
    expect(coverageOf(hour(10), [seldom], 11.7 * HOUR)).toBe('measured');
    expect(coverageOf(hour(10), [seldom], 11.75 * HOUR)).toBe('missing');
  });

  it('is missing for the hours after the last reading, even if others were spread', () => {
    expect(coverageOf(hour(10, true), [readUntil(10.5)], 20 * HOUR)).toBe('missing');
    expect(coverageOf(hour(15), [readUntil(10.5)], 20 * HOUR)).toBe('missing');
    expect(coverageOf(hour(9), [readUntil(10.5)], 20 * HOUR)).toBe('measured');
  });

  it('is as bad as the worst cloud that is still expected', () => {
    expect(coverageOf(hour(15), [readUntil(20), readUntil(3)], 20 * HOUR)).toBe('missing');
    expect(coverageOf(hour(15), [readUntil(20), readUntil(3, false)], 20 * HOUR)).toBe('measured');
  });
});

import { describe, expect, it } from 'vitest';
import { startOfHour, wholeHoursBetween } from './hours.ts';

const at = (time: string) => Date.parse(`2026-05-01T${time}Z`);

describe('whole hours', () => {
  it('lie after the first instant, up to the second', () => {
    expect(wholeHoursBetween(at('10:00:00'), at('12:30:00'))).toEqual([at('11:00:00'), at('12:00:00')]);
    expect(wholeHoursBetween(at('10:30:00'), at('12:00:00'))).toEqual([at('11:00:00'), at('12:00:00')]);
  });

  it('are none if no hour is whole, or time goes back', () => {
    expect(wholeHoursBetween(at('10:00:00'), at('10:59:59'))).toEqual([]);
    expect(wholeHoursBetween(at('12:00:00'), at('10:00:00'))).toEqual([]);
  });

  it('start with the hour', () => {
    expect(startOfHour(at('10:59:59'))).toBe(at('10:00:00'));
  });
});

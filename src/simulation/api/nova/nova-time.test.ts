import { describe, expect, it } from 'vitest';
import { parseNovaTime } from './nova-time.ts';

describe('the times of a usage request', () => {
  it.each([
    ['2026-11-22T13:54:57', '2026-11-22T13:54:57.000Z'],
    ['2026-11-22T13:54:57.290644', '2026-11-22T13:54:57.290Z'],
    ['2026-11-22 13:54:57.5', '2026-11-22T13:54:57.500Z'],
  ])('reads %s as UTC', (text, expected) => {
    expect(new Date(parseNovaTime(text)).toISOString()).toBe(expected);
  });

  it.each([
    '2026-11-22',
    '2026-11-22T13:54:57Z',
    '2026-11-22T13:54:57+00:00',
    '2026-11-22 13:54:57',
    '2026-02-30T00:00:00',
    '2026-11-22T24:00:00',
    'now',
  ])('refuses %s', (text) => {
    expect(() => parseNovaTime(text)).toThrow('HTTP 400');
  });
});

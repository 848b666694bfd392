import { describe, expect, it } from 'vitest';
import { coverageWithoutEntry } from './reading-spans.ts';

const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute);
const read = (first: number, last: number) => ({ firstMs: first, lastMs: last });

describe('an hour without an entry', () => {
  const hour = (spans: ReturnType<typeof read>[], nowMs: number) =>
    coverageWithoutEntry(at(10), at(11), spans, nowMs);

  it('was without usage where readings reach over it', () => {
    expect(hour([read(at(8), at(13))], at(13, 5))).toBe('measured');
  });

  it('is not known before the first reading, or without any site', () => {
    expect([hour([read(at(11), at(13))], at(13)), hour([], at(13))]).toEqual(['none', 'none']);
  });

  it('is missing where the readings of a site ended, once one is due', () => {
    const spans = [read(at(8), at(9, 30)), read(at(8), at(13))];
    expect(hour(spans, at(11, 10))).toBe('missing');
  });

  it('is not missing while it is in progress or just over', () => {
    const spans = [read(at(8), at(10, 2))];
    expect([hour(spans, at(10, 3)), hour(spans, at(11, 9))]).toEqual(['measured', 'measured']);
    expect(hour([read(at(8), at(10))], at(10, 1))).toBe('none');
  });
});

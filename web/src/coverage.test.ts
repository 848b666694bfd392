import { describe, expect, it } from 'vitest';
import { coverageOfWhole, coverageSentence, worstCoverage } from './coverage.ts';

describe('coverage', () => {
  it('of several is that of the worst', () => {
    expect([
      worstCoverage([]),
      worstCoverage(['measured', 'none']),
      worstCoverage(['spread', 'measured']),
      worstCoverage(['spread', 'missing', 'measured']),
    ]).toEqual(['none', 'measured', 'spread', 'missing']);
  });

  it('of a longer time is said of a part of it', () => {
    expect(coverageOfWhole('missing')).toBe('partly missing');
    expect(coverageOfWhole('measured')).toBe('measured');
  });

  it('is told in a sentence that counts what is not measured', () => {
    expect(coverageSentence(['measured', 'spread', 'spread', 'missing', 'none'], 'hour')).toBe(
      'Of 5 hours, 2 are spread over a gap, 1 has readings missing.',
    );
    expect(coverageSentence(['measured', 'none'], 'day')).toBe('');
  });
});

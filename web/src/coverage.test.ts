import { describe, expect, it } from 'vitest';
import { coverageOfWhole, coverageSentence, coverageSentenceOfPast, worstCoverage } from './coverage.ts';

describe('coverage', () => {
  it('of several steps is the worst one', () => {
    expect([
      worstCoverage([]),
      worstCoverage(['measured', 'none']),
      worstCoverage(['spread', 'measured']),
      worstCoverage(['spread', 'missing', 'measured']),
    ]).toEqual(['none', 'measured', 'spread', 'missing']);
  });

  it('of a longer time says "partly" for its worst part', () => {
    expect(coverageOfWhole('missing')).toBe('partly missing');
    expect(coverageOfWhole('measured')).toBe('measured');
  });

  it('is summed up in a sentence that counts the steps that are not measured', () => {
    expect(coverageSentence(['measured', 'spread', 'spread', 'missing', 'none'], 'hour')).toBe(
      '2 of 5 hours are spread over a gap, 1 has missing readings.',
    );
    expect(coverageSentence(['measured', 'none'], 'day')).toBe('');
  });
});

it('a time that is over says which part of it has no readings', () => {
  expect(coverageSentenceOfPast(['none', 'none', 'measured', 'missing'], 'day')).toBe(
    '1 of 4 days has missing readings, 2 have no readings.',
  );
  expect(coverageSentenceOfPast(['measured', 'measured'], 'month')).toBe('');
});

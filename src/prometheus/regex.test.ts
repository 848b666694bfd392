import { describe, expect, it } from 'vitest';
import { anchoredRegex, isSameRegex, regexProblem } from './regex.ts';

describe('two regular expressions', () => {
  it.each([
    ['project_.*_usage', 'project_.*_usage'],
    ['project_.*_usage', 'project_(.*)_usage'],
    ['project_.*_usage', '(?:project_.*_usage)'],
    ['project_.*_usage', '(?P<all>project_.*_usage)'],
    ['[a-c]', '[abc]'],
    ['a', '[a]'],
    ['a{3}', 'aaa'],
    ['a|b', 'b|a'],
    [String.raw`\.`, '[.]'],
  ])('%s and %s are the same', (a, b) => {
    expect([isSameRegex(a, b), isSameRegex(b, a)]).toEqual([true, true]);
  });

  it.each([
    ['project_.*_usage', 'project_.+_usage'],
    ['project_.*_usage', 'project_.*_usage|'],
    ['project_.*_usage', 'project_.*_usag.'],
    ['project_.*_usage', '(?i)project_.*_usage'],
    ['project_.*_usage', '(?s)project_.*_usage'],
    ['project_.*_usage', '(?s:project_.*_usage)'],
    ['a.c', String.raw`a[^\n]c`],
    ['ab|cd', 'cd|ab'],
    ['a*', 'a*?'],
    ['', 'a?'],
    ['(?i)k', '(?i)l'],
    ['[^a]', '[^b]'],
  ])('%s and %s are not proven to be the same', (a, b) => {
    expect([isSameRegex(a, b), isSameRegex(b, a)]).toEqual([false, false]);
  });

  it('are anchored, and mean what they mean in Prometheus', () => {
    expect(anchoredRegex('b').matches('abc')).toBe(false);
    expect(anchoredRegex('a|b').matches('bc')).toBe(false);
    expect(anchoredRegex('a.c').matches('a\nc')).toBe(true);
    expect(anchoredRegex('a.c', false).matches('a\nc')).toBe(false);
    expect(regexProblem('a)|(b')).toBe('is not valid in RE2');
    expect(regexProblem('(?=a)')).toBe('is not valid in RE2');
    expect(regexProblem('((a{50}){50}){2}')).toMatch(/^is /);
  });
});

import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { anchoredRegex, regexProblem } from './regex.ts';

describe('a regular expression', () => {
  it('is anchored, and has the same meaning as in Prometheus', () => {
    expect(anchoredRegex('b').matches('abc')).toBe(false);
    expect(anchoredRegex('a|b').matches('bc')).toBe(false);
    expect(anchoredRegex('a.c').matches('a\nc')).toBe(true);
    expect(anchoredRegex('a.c', false).matches('a\nc')).toBe(false);
    expect(regexProblem('a)|(b')).toBe('is not valid in RE2');
    expect(regexProblem('(?=a)')).toBe('is not valid in RE2');
    expect(regexProblem('((a{50}){50}){2}')).toMatch(/^is /);
  });

  it('is refused by its text, before it is parsed, if it would be too large', () => {
    const patterns = ['\\pL{1000}', '(?i)[\\x00-\\x{ffff}]{9}', '(((a?){20}){20}){20}', '\\pL{9}'.repeat(9)];
    expect(patterns.map(regexProblem)).toEqual(patterns.map(() => 'is too large'));
  });

  it('matches the texts in which RE2 finds it from the first to the last character', () => {
    const part = fc.constantFrom(
      'a',
      'b?',
      '.',
      '[^a]',
      '(a|bc)*',
      'a{2,3}',
      '|',
      '^',
      '$',
      '\\b',
      '(?i:A)',
      '\\pL+',
      '\n',
    );
    const pattern = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'é', ' ', '\n', '😀'), { maxLength: 5 });
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (expression, characters, dotAll) => {
        fc.pre(regexProblem(expression) === undefined);
        const whole = RE2JS.compile(`^(?${dotAll ? 's' : ''}:${expression})$`);
        expect(anchoredRegex(expression, dotAll).matches(characters.join(''))).toBe(
          whole.testExact(characters.join('')),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

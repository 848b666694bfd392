import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { MAX_REGEX_COST, regexCost } from './regex-cost.ts';

/** Pieces of RE2's syntax, some of them odd. Most combinations are valid. */
const PIECES =
  String.raw`a k . ^ $ | ( ) (?: (?i) (?s: (?P<n> (?<m> (?i-s: [ ] { } * + ? *? {0} {2} {3,} {0,2} {1,3}? {01} {,2}
{2,1} - : [: :] [a-c] [^a] []a] [^]-a] [[:alpha:]] [[:^word:]_] [\pL\d] [\p{Greek}-] \pL \PN \p{^Lu} \d \W \b \z \Q \E \Qab\E
\x41 \x{1F600} \101 \\ \] \[ \{ \( é 😀 x=~" P p 0 1 ,`.split(/\s/);
const piece = fc.constantFrom('\n', ...PIECES);
const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
/** Valid expressions with nested repetitions. */
const { valid } = fc.letrec<{ valid: string }>((tie) => ({
  valid: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      '',
      'a',
      'bc',
      '.',
      '[a-c]',
      '\\pL',
      '(?i)k',
      '\\b',
      '^',
      '[^\\pN]',
      '\\Qa|b\\E',
      '(?i)[^à-ÿ]',
    ),
    fc
      .tuple(tie('valid'), fc.constantFrom('*', '+', '?', '{0}', '{7}', '{2,}', '{0,5}', '{3,9}'))
      .map(([inner, repetition]) => `(?:${inner})${repetition}`),
    fc.array(tie('valid'), { minLength: 2, maxLength: 4 }).map((all) => `(${all.join('|')})`),
    fc.array(tie('valid'), { minLength: 2, maxLength: 4 }).map((all) => all.join('')),
  ),
}));

function programSize(pattern: string): number | undefined {
  try {
    return RE2JS.compile(pattern).programSize();
  } catch {
    return undefined;
  }
}

const numRuns = Number(process.env['STACKMETER_PROPERTY_RUNS'] ?? 2000);

describe('the cost of a regular expression', () => {
  it('is at least the size of its program', () => {
    let compiled = 0;
    const rule = (pattern: string) => {
      const cost = regexCost(pattern);
      fc.pre(cost < 100_000);
      const size = programSize(pattern);
      if (size === undefined) return;
      compiled += 1;
      expect(cost).toBeGreaterThanOrEqual(size);
    };
    fc.assert(fc.property(fc.oneof(text, valid), rule), { numRuns });
    expect(compiled).toBeGreaterThan(numRuns / 4);
  });

  it('grows with repetitions and with the size of classes', () => {
    const tooLarge =
      String.raw`\pL{1000} (?i)\pL{1000} [^\pL\pN]{100} (((a?){20}){20}){20} (?:a{99}){99}`.split(' ');
    const repeated = [
      'a{500}'.repeat(20),
      '(?i)[\\x00-\\x{10ffff}]'.repeat(5),
      '(?i:[À-ÿ-\u{ffff}])'.repeat(5),
      `[${'aceg'.repeat(100)}]{1000}`,
      '('.repeat(300) + ')'.repeat(300),
      '\\pL{0}'.repeat(100),
    ];
    const all = [...tooLarge, ...repeated];
    expect(all.filter((pattern) => regexCost(pattern) <= MAX_REGEX_COST)).toEqual([]);
  });

  it('leaves room for expressions that people write', () => {
    const ids = Array.from({ length: 62 }, (_, index) => index.toString(16).padStart(32, 'a')).join('|');
    const usual = [
      'project_.*_usage',
      ids,
      '(?i)[a-zà-ÿ_.-]+',
      '\\p{L}[\\p{L}\\d_]{0,10}',
      '[0-9a-f]{32}(?:-[a-z]+)?',
    ];
    expect(usual.filter((pattern) => regexCost(pattern) > MAX_REGEX_COST)).toEqual([]);
    expect(regexCost('project_.*_usage')).toBeLessThan(32);
  });
});

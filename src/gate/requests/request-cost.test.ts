import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { parseSelector } from '../../prometheus/selectors/selectors.ts';
import { USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
import { parsePolicy } from '../policy.ts';
import { Refusal } from '../refusal.ts';
import { extraRequests } from './request-cost.ts';
import { selectorsOf } from './request.ts';

const usage = parsePolicy(USAGE_SELECTORS);
const queryOf = (...selectors: string[]) =>
  selectors.map((selector) => `match[]=${encodeURIComponent(selector)}`).join('&');

/** How many additional requests the query counts for, or the reason of its refusal. */
function costOf(query: string, policy = usage): number | string {
  let extra = 0;
  try {
    selectorsOf(query, (selectors) => {
      extra = extraRequests(selectors, policy);
    });
    return extra;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const tooMuch = 'this asks for too much: use fewer or smaller regular expressions';
const matchers = (count: number, pattern: string) =>
  `{${Array.from({ length: count }, (_, index) => `a${index}=~"${pattern}"`).join(',')}}`;

describe('the cost of a request', () => {
  it('is that of one request for the queries of portals and people', () => {
    const ids = Array.from({ length: 50 }, (_, index) => index.toString(16).padStart(32, '0')).join('|');
    expect(costOf(queryOf(...USAGE_SELECTORS, 'project_vcpu_usage{job="project_usages",a="b"}'))).toBe(0);
    expect(costOf(queryOf(`project_vcpu_usage{job="project_usages",project_id=~"${ids}"}`))).toBeLessThan(16);
  });

  it('is refused in one sentence if its regular expressions are too large, each or together', () => {
    const attack = matchers(20, String.raw`\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}`);
    expect(costOf(queryOf(attack, attack, attack, attack))).toBe(tooMuch);
    expect(costOf(queryOf(matchers(1, 'a{999}')))).toBe(7);
    expect(costOf(queryOf(...Array.from({ length: 5 }, () => matchers(1, 'a{999}'))))).toBe(tooMuch);
    expect(costOf(queryOf(matchers(40, String.raw`(?i)[\\x00-\\x{ffff}]`)))).toBe(tooMuch);
    expect(costOf(queryOf(matchers(51, 'a')))).toBe('a selector has at most 50 matchers');
  });

  it('grows with the policy', () => {
    const large = parsePolicy(Array.from({ length: 500 }, (_, index) => `{job="a",a=~"x${index}.*"}`));
    const text = `{job="a",a="${'x'.repeat(1000)}"}`;
    expect(costOf(queryOf(text))).toBe(0);
    expect(costOf(queryOf(text), large)).toBe(tooMuch);
    expect(costOf(queryOf('{job="a",a="x7-vcpu"}'), large)).toBe(1);
  });

  it('limits the compiled regular expressions of every accepted request, and counts their parts', () => {
    const patterns = [
      'a{99}',
      String.raw`\\pL{9}`,
      '(?i)[à-ÿ]',
      '(a|b)*',
      'x{0,500}',
      '((a?){9}){9}',
      'a',
      '(',
    ];
    const selector = fc
      .tuple(fc.integer({ min: 1, max: 25 }), fc.constantFrom(...patterns))
      .map(([count, text]) => matchers(count, text));
    let taken = 0;
    fc.assert(
      fc.property(fc.array(selector, { minLength: 1, maxLength: 20 }), (asked) => {
        const cost = costOf(queryOf(...asked));
        if (typeof cost === 'string') return;
        taken += 1;
        const programs = asked
          .flatMap((text) => parseSelector(text))
          .map(({ value }) => RE2JS.compile(value));
        const instructions = programs.reduce((sum, program) => sum + program.programSize(), 0);
        expect(instructions).toBeLessThanOrEqual(128 * (cost + 1));
        expect(cost).toBeLessThanOrEqual(32);
      }),
      { numRuns: 600 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});

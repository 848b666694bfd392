import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchoredRegex } from './regex.ts';
import { compileSelector } from './selector-matching.ts';
import { parseSelector } from './selectors.ts';

function selects(selector: string, name: string, labels: Record<string, string> = {}): boolean {
  return compileSelector(parseSelector(selector))(name, labels);
}

describe('a compiled selector', () => {
  it('is true only if every matcher holds', () => {
    expect(selects('{job="a",__name__=~"project_.*_usage"}', 'project_mb_usage', { job: 'a' })).toBe(true);
    expect(selects('{job="a",__name__=~"project_.*_usage"}', 'project_mb_usage', { job: 'b' })).toBe(false);
    expect(selects('{job="a",job!="a"}', 'm', { job: 'a' })).toBe(false);
    expect(selects('{}', 'm')).toBe(true);
  });

  it('treats any missing label as empty', () => {
    expect(selects('{a=""}', 'm')).toBe(true);
    expect(selects('{a!=""}', 'm')).toBe(false);
    expect(selects('{a=~".*"}', 'm')).toBe(true);
    expect(selects('{a!~".+"}', 'm')).toBe(true);
    expect(selects('{constructor="",__proto__=""}', 'm')).toBe(true);
  });

  it('anchors regular expressions and lets a dot match a newline', () => {
    expect(selects('{a=~"b"}', 'm', { a: 'abc' })).toBe(false);
    expect(selects('{a=~"x|y"}', 'm', { a: 'xy' })).toBe(false);
    expect(selects('{a=~"b.c"}', 'm', { a: 'b\nc' })).toBe(true);
    expect(selects('{a!~"b"}', 'm', { a: 'b\n' })).toBe(true);
    expect(selects('{a=~"."}', 'm', { a: '😀' })).toBe(true);
    expect(anchoredRegex('b.c', false).matches('b\nc')).toBe(false);
  });

  it('gives the same result for many series as for one', () => {
    const series = fc.array(fc.record({ a: fc.constantFrom('', 'b', 'bc') }));
    const selector = fc.constantFrom('{a="b"}', '{a!="b"}', '{a=~"b.*"}', '{a!~"b.*"}', '{a=~"",a!="b"}');
    fc.assert(
      fc.property(series, selector, (list, text) => {
        const matchers = parseSelector(text);
        const compiled = compileSelector(matchers);
        expect(list.map((labels) => compiled('m', labels))).toEqual(
          list.map((labels) => compileSelector(matchers)('m', labels)),
        );
      }),
    );
  });
});

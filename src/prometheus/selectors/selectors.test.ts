import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSelector, type Matcher, parseSelector, SelectorError } from './selectors.ts';

function problemOf(text: string): string {
  try {
    parseSelector(text);
  } catch (error) {
    if (error instanceof SelectorError) return error.message;
    throw error;
  }
  return 'none';
}

const name = (value: string): Matcher => ({ label: '__name__', op: '=', value });

describe('parseSelector', () => {
  it('returns the matchers in their order, and the metric name as a matcher of __name__', () => {
    expect(parseSelector(`project_vcpu_usage{job="project_usages",a!='b',c=~\`d\\.e\`,f!~"g",}`)).toEqual([
      name('project_vcpu_usage'),
      { label: 'job', op: '=', value: 'project_usages' },
      { label: 'a', op: '!=', value: 'b' },
      { label: 'c', op: '=~', value: String.raw`d\.e` },
      { label: 'f', op: '!~', value: 'g' },
    ]);
  });

  it('accepts quoted names, several matchers of a label, empty matchers and no matcher', () => {
    expect(parseSelector(`{"my.metric", "a b"='', job="x", job!="y"}`)).toEqual([
      name('my.metric'),
      { label: 'a b', op: '=', value: '' },
      { label: 'job', op: '=', value: 'x' },
      { label: 'job', op: '!=', value: 'y' },
    ]);
    expect(parseSelector('{__name__="a",__name__=~"b",on="1"}')).toHaveLength(3);
    expect(parseSelector(' {\t} ')).toEqual([]);
  });

  it.each([
    'up offset 5m',
    'up @ 1',
    'up[5m]',
    'up # comment',
    '# comment\nup',
    '(up)',
    'sum(up)',
    'up or up',
    'up{a="1"} or vector(1)',
    '-up',
    '1',
    '"up"',
    'up anchored',
    'up{__name__="x"}',
    'up{"x"}',
    '{"x","y"}',
    '{""}',
    '{""="x"}',
  ])('refuses %s, which is not one plain selector', (text) => {
    expect(problemOf(text)).not.toBe('none');
  });

  it.each([
    '',
    ' ',
    'up{',
    'up}',
    'up{a}',
    'up{a="b"',
    'up{a="b" c="d"}',
    'up{,}',
    'up{a="b",,}',
    'up{a==“b”}',
  ])('refuses %j, which is not a selector at all', (text) => {
    expect(problemOf(text)).not.toBe('none');
  });

  it('refuses regular expressions that RE2 refuses, with or without anchors', () => {
    for (const pattern of ['(?=a)', '(?<=a)b', '(a)\\1', 'a**', '(', 'a)|(b', 'a{1001}', '(?:a{35}){35}'])
      expect(problemOf(`{a=~${JSON.stringify(pattern)}}`)).toBe(
        "the regular expression for 'a' is not valid in RE2",
      );
    const large = [
      '{a!~"(?:[a-z]{500}[0-9]{500}){1}(x{900}y{900}){1}(?:(?:ab){450}(cd?){450}){1}"}',
      '{a=~"(?:a{99}){99}"}',
      String.raw`{a=~"\\pL{1000}"}`,
      '{a=~"a{1000}",b=~"b{1000}",c=~"c{1000}",d!~"d{1000}",e!~"e{1000}"}',
    ];
    expect(large.map(problemOf)).toEqual(
      large.map(() => 'the regular expressions of a selector are too large'),
    );
    expect(parseSelector('{a="("}')).toEqual([{ label: 'a', op: '=', value: '(' }]);
  });

  it('limits the length of a selector', () => {
    expect(problemOf(`{a="${'x'.repeat(2048)}"}`)).toBe('a selector has at most 2048 characters');
  });
});

describe('formatSelector', () => {
  const label = fc.oneof(
    fc.constantFrom('__name__', 'job', 'on', 'bool'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  );
  const matcher: fc.Arbitrary<Matcher> = fc.oneof(
    fc.record({
      label,
      op: fc.constantFrom('=', '!='),
      value: fc.string({ unit: 'binary', maxLength: 12 }),
    }),
    fc.record({
      label,
      op: fc.constantFrom('=~', '!~'),
      value: fc.constantFrom(
        '',
        '.*',
        'a|b',
        'project_.*_usage',
        String.raw`\d+\.\x{1F600}`,
        '[^"\\\\]',
        '\n',
      ),
    }),
  );

  it('writes one form, with label names in quotes only if necessary', () => {
    expect(formatSelector([name('up'), { label: 'a b', op: '=~', value: 'x\n"\\' }])).toBe(
      String.raw`{__name__="up","a b"=~"x\u000a\"\\"}`,
    );
  });

  it('writes selectors that parseSelector reads back unchanged', () => {
    fc.assert(
      fc.property(fc.array(matcher, { maxLength: 6 }), (matchers) => {
        expect(parseSelector(formatSelector(matchers))).toEqual(matchers);
      }),
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectorMatches } from '../prometheus/selector-matching.ts';
import { formatSelector, type Matcher, parseSelector } from '../prometheus/selectors.ts';
import { USAGE_SELECTORS } from '../prometheus/usage-metrics.ts';
import { decide, parsePolicy } from './policy.ts';

const usage = parsePolicy(USAGE_SELECTORS);

/** What is forwarded for the selectors, or why nothing is. */
function forwardedFor(...selectors: string[]): string[] | string {
  const decision = decide(
    selectors.map((text) => parseSelector(text)),
    usage,
  );
  return decision.allowed ? decision.forwarded.map(formatSelector) : decision.reason;
}

const denied = 'selector 1 is not within what this gate gives out';

describe('the default policy', () => {
  it('forwards what the earlier system asks for as it is', () => {
    expect(forwardedFor('{job="project_usages",__name__=~"project_.*_usage"}')).toEqual([
      '{job="project_usages",__name__=~"project_.*_usage"}',
    ]);
  });

  it('forwards the conjunction of what is asked for and what is allowed', () => {
    expect(forwardedFor('project_vcpu_usage{job="project_usages",project_id!~"a.*"}')).toEqual([
      '{__name__="project_vcpu_usage",job="project_usages",project_id!~"a.*",__name__=~"project_.*_usage"}',
    ]);
    expect(forwardedFor("{__name__=`stackmeter_exporter_epoch_info`,job='project_usages'}")).toEqual([
      '{__name__="stackmeter_exporter_epoch_info",job="project_usages",__name__=~"stackmeter_exporter_.+"}',
    ]);
  });

  it.each([
    ['everything', '{}'],
    ['another job', '{job="node",__name__=~"project_.*_usage"}'],
    ['no job', 'project_vcpu_usage'],
    ['an empty job', 'project_vcpu_usage{job=""}'],
    ['a job by regular expression', '{job=~"project_usages",__name__=~"project_.*_usage"}'],
    ['every job but one', '{job!="node",__name__=~"project_.*_usage"}'],
    ['another metric', '{job="project_usages",__name__="up"}'],
    ['a metric that only contains the name', '{job="project_usages",__name__="x_project_a_usage"}'],
    ['a metric that only begins like the name', '{job="project_usages",__name__="project_a_usage_x"}'],
    ['a metric with a newline', String.raw`{job="project_usages",__name__="project_\n_usage"}`],
    ['another expression that means the same', '{job="project_usages",__name__=~"project_.*_usage|"}'],
    ['the expression in another case', '{job="project_usages",__name__=~"(?i)project_.*_usage"}'],
    ['the negation of the expression', '{job="project_usages",__name__!~"project_.*_usage"}'],
    ['the expression as a text', '{job="project_usages",__name__="project_.*_usage.*"}'],
    ['the exporter facts with nothing after the prefix', 'stackmeter_exporter_{job="project_usages"}'],
  ])('denies %s', (_, selector) => {
    expect(forwardedFor(selector)).toBe(denied);
  });

  it('denies the whole request for one selector that is not within it', () => {
    expect(forwardedFor('project_vcpu_usage{job="project_usages"}', '{job="node"}')).toBe(
      'selector 2 is not within what this gate gives out',
    );
  });

  it('is not confused by conditions that contradict one another', () => {
    expect(forwardedFor('{job="project_usages",job="node",__name__="project_a_usage"}')).toEqual([
      '{job="project_usages",job="node",__name__="project_a_usage",__name__=~"project_.*_usage"}',
    ]);
  });
});

describe('a policy', () => {
  it('proves inequalities from equalities', () => {
    const policy = parsePolicy(['{d="k",a!="x",b!~"y.*",c=""}']);
    const isAllowed = (text: string) => decide([parseSelector(text)], policy).allowed;
    expect(isAllowed('{d="k",a="z",b="z",c=""}')).toBe(true);
    expect(isAllowed('{d="k",a="x",b="z",c=""}')).toBe(false);
    expect(isAllowed('{d="k",a="z",b="y1",c=""}')).toBe(false);
    expect(isAllowed('{d="k",a="z",b="z"}')).toBe(false);
  });

  it('must name series: it can neither be absent nor select all', () => {
    expect(() => parsePolicy([])).toThrow('there is no selector');
    expect(() => parsePolicy(['{job=~".*"}'])).toThrow('would give out everything');
    expect(() => parsePolicy(['{job="a"'])).toThrow('{job="a": this is not a series selector');
  });

  it('never forwards what selects a series outside it', () => {
    const label = fc.constantFrom('__name__', 'job', 'a');
    const text = fc.constantFrom('', 'x', 'xy', 'y', 'x\ny', 'z');
    const regex = fc.constantFrom('', 'x', 'x.*', '.+', 'x|y', '[^x]+', '(?i)X', 'x.y', '.*');
    const matcher: fc.Arbitrary<Matcher> = fc.oneof(
      fc.record({ label, op: fc.constantFrom('=', '!='), value: text }),
      fc.record({ label, op: fc.constantFrom('=~', '!~'), value: regex }),
    );
    const selector = fc.array(matcher, { minLength: 1, maxLength: 4 });
    const policySelectors = fc.array(selector, { minLength: 1, maxLength: 2 });
    const series = fc.record({ name: text, labels: fc.record({ job: text, a: text }) });
    fc.assert(
      fc.property(policySelectors, selector, fc.array(series), (allowed, asked, all) => {
        const decision = decide([asked], { allowed });
        if (!decision.allowed) return;
        const isSelected = (matchers: readonly Matcher[], one: (typeof all)[number]) =>
          selectorMatches(matchers, one.name, one.labels);
        for (const one of all) {
          const asks = isSelected(asked, one);
          const within = allowed.some((matchers) => isSelected(matchers, one));
          const forwarded = decision.forwarded.some((matchers) => isSelected(matchers, one));
          // By the proof alone, and by the conjunction that stands behind it.
          expect({ outside: asks && !within, forwarded }).toEqual({ outside: false, forwarded: asks });
        }
      }),
      { numRuns: 500 },
    );
  });
});

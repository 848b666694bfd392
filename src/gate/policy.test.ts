import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remembered } from '../prometheus/remembered.ts';
import { formatSelector, type Matcher, parseSelector } from '../prometheus/selectors/selectors.ts';
import { SERVER_SELECTORS, USAGE_SELECTORS } from '../prometheus/usage-metrics.ts';
import { decide, parsePolicy } from './policy.ts';

const usage = parsePolicy(USAGE_SELECTORS);

/** The selectors that the gate forwards, or the reason of the denial. */
function forwardedFor(...selectors: string[]): string[] | string {
  const decision = decide(
    selectors.map((text) => parseSelector(text)),
    usage,
  );
  return decision.allowed ? decision.forwarded.map(formatSelector) : decision.reason;
}

const WITHOUT = '__name__!="project_server_usage",__name__!="stackmeter_exporter_flavor_info"';

const denied = 'selector 1 is not within what this gate gives out';

describe('the default policy', () => {
  it('forwards the requests of the earlier system, without server hours', () => {
    expect(forwardedFor('{job="project_usages",__name__=~"project_.*_usage"}')).toEqual([
      `{job="project_usages",__name__=~"project_.*_usage",${WITHOUT}}`,
    ]);
  });

  it('forwards the conjunction of the requested and the allowed selector', () => {
    expect(forwardedFor('project_vcpu_usage{job="project_usages",project_id!~"a.*"}')).toEqual([
      `{__name__="project_vcpu_usage",job="project_usages",project_id!~"a.*",__name__=~"project_.*_usage",${WITHOUT}}`,
    ]);
    expect(forwardedFor("{__name__=`stackmeter_exporter_epoch_info`,job='project_usages'}")).toEqual([
      `{__name__="stackmeter_exporter_epoch_info",job="project_usages",__name__=~"stackmeter_exporter_.+",${WITHOUT}}`,
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
    ['server hours', 'project_server_usage{job="project_usages"}'],
    ['flavors', 'stackmeter_exporter_flavor_info{job="project_usages"}'],
    [
      'server hours by a name that is also an expression',
      '{job="project_usages",__name__="project_server_usage",__name__=~"project_.*_usage"}',
    ],
    [
      'server hours by an expression of their name',
      '{job="project_usages",__name__=~"project_server_usage"}',
    ],
    ['the exporter facts with nothing after the prefix', 'stackmeter_exporter_{job="project_usages"}'],
  ])('denies %s', (_, selector) => {
    expect(forwardedFor(selector)).toBe(denied);
  });

  it('denies the whole request if one selector is outside the policy', () => {
    expect(forwardedFor('project_vcpu_usage{job="project_usages"}', '{job="node"}')).toBe(
      'selector 2 is not within what this gate gives out',
    );
  });

  it('is not misled by conditions that contradict one another', () => {
    expect(forwardedFor('{job="project_usages",job="node",__name__="project_a_usage"}')).toEqual([
      `{job="project_usages",job="node",__name__="project_a_usage",__name__=~"project_.*_usage",${WITHOUT}}`,
    ]);
  });
});

describe('a policy with server hours', () => {
  const policy = parsePolicy([...USAGE_SELECTORS, ...SERVER_SELECTORS]);

  it('gives them out only to a selector that names them', () => {
    const asked = [...USAGE_SELECTORS, ...SERVER_SELECTORS].map((text) => parseSelector(text));
    const decision = decide(asked, policy);
    expect(decision.allowed && decision.forwarded.map(formatSelector)).toEqual([
      `{job="project_usages",__name__=~"project_.*_usage",${WITHOUT}}`,
      `{job="project_usages",__name__=~"stackmeter_exporter_.+",${WITHOUT}}`,
      ...SERVER_SELECTORS,
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

  it('must name series: it can neither be empty nor select all series', () => {
    expect(() => parsePolicy([])).toThrow('there is no selector');
    expect(() => parsePolicy(['{job=~".*"}'])).toThrow('so all series could leave the site');
    expect(() => parsePolicy(['{job="a"'])).toThrow('{job="a": this is not a series selector');
  });

  it('proves nothing from expressions that Prometheus 2 and 3 read differently', () => {
    const policy = parsePolicy(['{d="k",a=~"x.y"}', '{d="l",a!~"x.y"}']);
    const isAllowed = (text: string) => decide([parseSelector(text)], policy).allowed;
    expect([isAllowed(String.raw`{d="k",a="x\ny"}`), isAllowed(String.raw`{d="l",a="x\ny"}`)]).toEqual([
      false,
      false,
    ]);
    expect([isAllowed('{d="k",a="x-y"}'), isAllowed('{d="l",a="x"}')]).toEqual([true, true]);
  });

  it('allows conditions on a hidden label only if the policy has the same condition', () => {
    const policy = parsePolicy(['{job="a",h!="secret"}'], ['h']);
    const isAllowed = (text: string) => decide([parseSelector(text)], policy).allowed;
    expect([isAllowed('{job="a",h!="secret"}'), isAllowed('{job="a",h!="secret",b="c"}')]).toEqual([
      true,
      true,
    ]);
    expect(
      [
        'h="x"',
        'h!="secret",h!="x"',
        'h!="secret",h=~"x.*"',
        'h!="secret",h="y"',
        'h!="secret",h!~"x.*"',
      ].filter((more) => isAllowed(`{job="a",${more}}`)),
    ).toEqual([]);
  });
});

/** Texts and expressions on which RE2 and JavaScript agree, so that the evaluator below needs no code of the gate. */
const VALUES = ['', 'x', 'X', 'xy', 'y', 'x\ny', 'z'];
const REGEXES = ['', 'x', '(x)', 'x.*', '.+', 'x|y', 'y|x', '[^x]+', '[xX]', 'x.y', '.*'];
const label = fc.constantFrom('__name__', 'job', 'a');
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({ label, op: fc.constantFrom('=', '!='), value: fc.constantFrom(...VALUES) }),
  fc.record({ label, op: fc.constantFrom('=~', '!~'), value: fc.constantFrom(...REGEXES) }),
);
const selector = fc.array(matcher, { minLength: 1, maxLength: 3 });
type Series = Readonly<Record<string, string>>;
const allSeries: readonly Series[] = VALUES.flatMap((name) =>
  VALUES.flatMap((job) => VALUES.map((a) => ({ __name__: name, job, a }))),
);

/** The series that a selector selects, without any code of the gate. `.` matches a newline in Prometheus 3, not in 2. */
function selected(matchers: readonly Matcher[], flags: 's' | ''): readonly Series[] {
  const tests = matchers.map(({ label: name, op, value }) => ({
    name,
    holds: values(`${flags} ${op} ${value}`),
  }));
  return allSeries.filter((series) => tests.every(({ name, holds }) => holds.has(series[name] ?? '')));
}

/** The values that meet a condition. */
const values = remembered((condition) => {
  const [, flags = '', op = '', value = ''] = /^(s?) (\S+) ([^]*)$/.exec(condition) ?? [];
  const regex = new RegExp(`^(?:${value})$`, flags);
  const isEqual = (text: string) => (op.endsWith('~') ? regex.test(text) : text === value);
  return new Set(VALUES.filter((text) => isEqual(text) !== op.startsWith('!')));
}, 1_000_000);

const NUM_RUNS = Number(process.env['STACKMETER_PROPERTY_RUNS'] ?? 2000);

describe.each([
  ['3', 's'],
  ['2', ''],
] as const)('the forwarded selectors, in the meaning of Prometheus %s', (_, flags) => {
  it('selects no series outside the policy, and all requested series within it', () => {
    let decisions = 0;
    const rule = (allowed: readonly Matcher[][], more: readonly Matcher[], narrowed: boolean) => {
      // A selector with a condition of the policy may be allowed.
      const asked = narrowed ? [...more, ...(allowed[0] ?? [])] : more;
      const decision = decide([asked], { allowed });
      if (!decision.allowed) return;
      decisions++;
      const wanted = selected(asked, flags);
      const within = new Set(allowed.flatMap((one) => selected(one, flags)));
      const outside = wanted.filter((series) => !within.has(series));
      // By the proof only, and by the conjunction behind it.
      expect(outside).toEqual([]);
      expect(decision.forwarded.map((one) => selected(one, flags))).toEqual([wanted]);
    };
    const policy = fc.array(selector, { minLength: 1, maxLength: 2 });
    fc.assert(fc.property(policy, selector, fc.boolean(), rule), { numRuns: NUM_RUNS });
    expect(decisions).toBeGreaterThan(NUM_RUNS / 4);
  });

  it('does not distinguish series of the policy that differ only in a hidden label', () => {
    const rule = (allowed: readonly Matcher[], more: readonly Matcher[]) => {
      const decision = decide([[...more, ...allowed]], { allowed: [allowed], hidden: ['a'] });
      if (!decision.allowed) return;
      const seen = new Set(decision.forwarded.flatMap((one) => selected(one, flags)));
      const visible = (series: Series) => `${series['__name__']} ${series['job']}`;
      const shown = new Set([...seen].map(visible));
      const told = selected(allowed, flags).filter(
        (series) => !seen.has(series) && shown.has(visible(series)),
      );
      expect(told).toEqual([]);
    };
    fc.assert(fc.property(selector, fc.array(matcher, { maxLength: 2 }), rule), { numRuns: NUM_RUNS });
  });
});

describe('server hours', () => {
  const PRIVATE = ['project_server_usage', 'stackmeter_exporter_flavor_info'];
  const NAMES = [...PRIVATE, 'project_vcpu_usage', 'stackmeter_exporter_epoch_info', 'up'];
  const PATTERNS = [
    'project_.*_usage',
    'stackmeter_exporter_.+',
    'project_server_usage',
    'project_server_usage|up',
    'project_(?:server|vcpu)_usage',
    '.*_info',
    '.+',
    'up|x',
  ];
  const named: fc.Arbitrary<Matcher> = fc.oneof(
    fc.record({
      label: fc.constant('__name__'),
      op: fc.constantFrom('=', '!='),
      value: fc.constantFrom(...NAMES),
    }),
    fc.record({
      label: fc.constant('__name__'),
      op: fc.constantFrom('=~', '!~'),
      value: fc.constantFrom(...PATTERNS),
    }),
  );
  const job: Matcher = { label: 'job', op: '=', value: 'k' };
  const anyNames = fc.array(named, { maxLength: 3 });
  const selects = (matchers: readonly Matcher[], name: string) =>
    matchers.every(({ label: of, op, value }) => {
      const is = of === 'job' ? 'k' : name;
      return (op.endsWith('~') ? new RegExp(`^(?:${value})$`).test(is) : is === value) !== op.startsWith('!');
    });

  it('leave only by a selector that names them, of a policy that names them', () => {
    let [allowed, narrowed, gaveOut] = [0, 0, 0];
    const rule = (texts: readonly (readonly Matcher[])[], more: readonly Matcher[], within: boolean) => {
      const policy = parsePolicy(texts.map((matchers) => formatSelector([job, ...matchers])));
      const asked = [job, ...(within ? (texts[0] ?? []) : []), ...more];
      const decision = decide([asked], policy);
      if (!decision.allowed) return;
      allowed++;
      for (const name of NAMES) {
        const names = (matchers: readonly Matcher[]) =>
          matchers.some(({ label: of, op, value }) => of === '__name__' && op === '=' && value === name);
        const asks = selects(asked, name);
        const passes = decision.forwarded.some((one) => selects(one, name));
        const passesCheck = policy.allowed.some((one) => selects(one, name));
        const isPrivate = PRIVATE.includes(name);
        const mayPass = !isPrivate || (names(asked) && texts.some(names));
        // Every other metric that was asked for passes.
        expect(passes).toBe(asks && mayPass);
        expect(passesCheck || !passes).toBe(true);
        expect(passesCheck && isPrivate && !texts.some(names)).toBe(false);
        gaveOut += Number(isPrivate && passes);
        narrowed += Number(asks && !passes);
      }
    };
    const policies = fc.array(anyNames, { minLength: 1, maxLength: 3 });
    fc.assert(fc.property(policies, anyNames, fc.boolean(), rule), { numRuns: NUM_RUNS });
    for (const count of [allowed, narrowed, gaveOut]) expect(count).toBeGreaterThan(NUM_RUNS / 100);
  });
});

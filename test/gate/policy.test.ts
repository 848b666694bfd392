import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from '../../src/gate/policy.ts';
import type { Sample } from '../../src/prometheus/sample.ts';
import { compileSelector } from '../../src/prometheus/selectors/selector-matching.ts';
import { formatSelector, type Matcher } from '../../src/prometheus/selectors/selectors.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { remoteWrite, writtenSeries } from '../portal/write-request.ts';
import { describeWith } from '../support/describe-with.ts';
import { temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus-server.ts';

const NAMES = ['x', 'xy', 'y', 'project_a_usage', 'project_b_usage'];
const VALUES = ['', 'x', 'X', 'xy', 'y', 'x\ny', 'ö', 'project_usages'];
const REGEXES = [
  '',
  'x',
  '(x)',
  'x.*',
  '.+',
  'x|y',
  'y|x',
  '[^x]+',
  '(?i)X',
  'x.y',
  '.*',
  'project_.*_usage',
  'ö?',
];

/** Series with every metric name and every value of two labels. They stay: a scrape that fails would hide its series. */
const series = NAMES.flatMap((name) =>
  VALUES.flatMap((a) => VALUES.map((job) => writtenSeries(name, withoutEmpty({ a, job }), 1, Date.now()))),
);
const STAY = ['--web.enable-remote-write-receiver', '--query.lookback-delta=1d'];

function withoutEmpty(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

const label = fc.constantFrom('__name__', 'job', 'a');
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({ label, op: fc.constantFrom('=', '!='), value: fc.constantFrom(...VALUES, ...NAMES) }),
  fc.record({ label, op: fc.constantFrom('=~', '!~'), value: fc.constantFrom(...REGEXES) }),
);
/** A selector of one to three matchers: few enough that it often selects a series. */
const selector = fc.array(matcher, { minLength: 1, maxLength: 3 });
const selectsAll = (matchers: readonly Matcher[]) => compileSelector(matchers, false)('', {});

describeWith(['prometheus'], 'a selector that the gate forwards to a real Prometheus', ({ prometheus }) => {
  it('selects all requested series and none outside the policy', async () => {
    const server = await startPrometheus(prometheus, temporaryFolder(), '', STAY);
    expect((await remoteWrite(server.url, '', series))[0]).toBeLessThan(300);
    const federated = async (selectors: readonly (readonly Matcher[])[]) => {
      const query = selectors.map((one) => `match[]=${encodeURIComponent(formatSelector(one))}`).join('&');
      const response = await fetch(`${server.url}/federate?${query}`);
      expect([response.status, selectors.map(formatSelector)]).toEqual([200, expect.anything()]);
      return parseExposition(await response.text());
    };
    const key = ({ name, labels }: Sample) =>
      JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const all = await federated([[{ label: '__name__', op: '!=', value: '' }]]);
    expect(all).toHaveLength(series.length);
    let selected = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(selector, { minLength: 1, maxLength: 2 }),
        selector,
        fc.boolean(),
        async (allowed, more, within) => {
          const requested = within ? [...(allowed[0] ?? []), ...more] : more;
          // Other tests cover selectors that select every series: Prometheus refuses them.
          fc.pre(!allowed.some(selectsAll) && !selectsAll(requested));
          const decision = decide([requested], { allowed });
          if (!decision.allowed) return;
          const found = (await federated(decision.forwarded)).map(key).sort();
          const policy = allowed.map((one) => compileSelector(one, false));
          const wanted = compileSelector(requested, false);
          const expected = all.filter(({ name, labels }) => wanted(name, labels));
          expect(
            expected.filter(({ name, labels }) => !policy.some((allows) => allows(name, labels))),
          ).toEqual([]);
          expect(found).toEqual(expected.map(key).sort());
          selected += found.length;
        },
      ),
      { numRuns: 300 },
    );
    expect(selected).toBeGreaterThan(100);
  });
});

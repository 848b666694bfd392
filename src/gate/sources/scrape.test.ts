import { describe, expect, it } from 'vitest';
import { costOfMatcher, parseSelector } from '../../prometheus/selectors/selectors.ts';
import { atOnce } from '../../prometheus/steps.ts';
import { parseExposition } from '../../prometheus/text-format/text-format-parser.ts';
import { federationBody, WORK_IN_STEP } from './federation-body.ts';
import { type StoredSample, storeSteps } from './scrape.ts';

const target = { job: 'project_usages', instance: '127.0.0.1:8080' };
const NOW = 1_700_000_000_000;

function federate(exposition: string, nowMs: number, ...selectors: string[]): string {
  const scrape = atOnce(storeSteps(parseExposition(exposition), target, NOW));
  return [...federationBody(scrape, selectors.map(parseSelector), nowMs)].join('');
}

describe('an exporter behind the gate', () => {
  it.each([
    ['one expression of the largest cost', '{l=~"(a|b|c|d){200}"}'],
    ['fifty matchers', `{${'l!="",'.repeat(50)}}`],
    ['a name', 'm'],
  ])('is compared with %s in steps of limited work, for any number of series', (_what, selector) => {
    const [matchers, line] = [parseSelector(selector), `${'x'.repeat(299)}\n`];
    const cost = 1 + matchers.reduce((sum, matcher) => sum + 1 + costOfMatcher(matcher), 0);
    let inStep = 0;
    const counted = (): StoredSample => ({
      get labels() {
        inStep += 1;
        return { l: 'abcd' };
      },
      timestampMs: NOW,
      line,
    });
    const family = Array.from({ length: 30_000 }, counted);
    let [most, looked] = [0, 0];
    for (const _piece of federationBody(new Map([['m', family]]), [matchers], NOW)) {
      most = Math.max(most, inStep);
      looked += inStep;
      inStep = 0;
    }
    expect(looked).toBe(family.length);
    expect((most - 1) * cost * line.length).toBeLessThanOrEqual(WORK_IN_STEP);
  });

  it('is shown as by a Prometheus that scrapes it: sorted, untyped, with target labels and times', () => {
    const text = `# TYPE z gauge\nz{b="2",a="1",empty=""} 1\nz{a="3"} NaN ${NOW - 5}\n# TYPE y counter\ny 2.5\n`;
    expect(federate(text, NOW, '{job="project_usages"}')).toBe(`# TYPE y untyped
y{instance="127.0.0.1:8080",job="project_usages"} 2.5 ${NOW}
# TYPE z untyped
z{a="1",b="2",instance="127.0.0.1:8080",job="project_usages"} 1 ${NOW}
z{a="3",instance="127.0.0.1:8080",job="project_usages"} NaN ${NOW - 5}
`);
  });

  it('cannot pose as another job: its own labels job and instance are renamed', () => {
    expect(federate('m{job="x",exported_job="y",instance=""} 1', NOW, 'm')).toBe(
      `# TYPE m untyped\nm{exported_exported_job="x",exported_job="y",instance="127.0.0.1:8080",job="project_usages"} 1 ${NOW}\n`,
    );
  });

  it('counts the first of two samples of one series', () => {
    expect(federate('m{a="1"} 1\nm{a="1"} 2\nm{a="2"} 3', NOW, 'm')).toBe(
      `# TYPE m untyped\nm{a="1",instance="127.0.0.1:8080",job="project_usages"} 1 ${NOW}\nm{a="2",instance="127.0.0.1:8080",job="project_usages"} 3 ${NOW}\n`,
    );
  });

  it('shows each series once that at least one selector selects', () => {
    expect(federate('a 1\nb 2\nc 3', NOW, 'a', '{__name__=~"a|c"}').match(/^\w+/gm)).toEqual(['a', 'c']);
    expect(federate('a 1', NOW, 'b')).toBe('');
  });

  it('is not shown five minutes after its time, nor before its time', () => {
    const names = (nowMs: number) => federate(`a 1\nb 2 ${NOW + 1}`, nowMs, '{job!=""}').match(/^\w+/gm);
    expect(names(NOW)).toEqual(['a']);
    expect(names(NOW + 300_000)).toEqual(['a', 'b']);
    expect(names(NOW + 300_001)).toEqual(['b']);
    expect(names(NOW + 300_002)).toBe(null);
  });
});

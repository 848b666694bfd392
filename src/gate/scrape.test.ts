import { describe, expect, it } from 'vitest';
import { parseSelector } from '../prometheus/selectors.ts';
import { parseExposition } from '../prometheus/text-format-parser.ts';
import { federationBody } from './federation-body.ts';
import { storeScrape } from './scrape.ts';

const target = { job: 'project_usages', instance: '127.0.0.1:8080' };
const NOW = 1_700_000_000_000;

function federate(exposition: string, nowMs: number, ...selectors: string[]): string {
  const scrape = storeScrape(parseExposition(exposition), target, NOW);
  return [...federationBody(scrape, selectors.map(parseSelector), nowMs)].join('');
}

describe('an exporter behind the gate', () => {
  it('is shown as a Prometheus that scrapes it would: sorted, untyped, with target labels and times', () => {
    const text = `# TYPE z gauge\nz{b="2",a="1",empty=""} 1\nz{a="3"} NaN ${NOW - 5}\n# TYPE y counter\ny 2.5\n`;
    expect(federate(text, NOW, '{job="project_usages"}')).toBe(`# TYPE y untyped
y{instance="127.0.0.1:8080",job="project_usages"} 2.5 ${NOW}
# TYPE z untyped
z{a="1",b="2",instance="127.0.0.1:8080",job="project_usages"} 1 ${NOW}
z{a="3",instance="127.0.0.1:8080",job="project_usages"} NaN ${NOW - 5}
`);
  });

  it('cannot be another job: its own job and instance are moved out of the way', () => {
    expect(federate('m{job="x",exported_job="y",instance=""} 1', NOW, 'm')).toBe(
      `# TYPE m untyped\nm{exported_exported_job="x",exported_job="y",instance="127.0.0.1:8080",job="project_usages"} 1 ${NOW}\n`,
    );
  });

  it('counts the first of two samples of one series', () => {
    expect(federate('m{a="1"} 1\nm{a="1"} 2\nm{a="2"} 3', NOW, 'm')).toBe(
      `# TYPE m untyped\nm{a="1",instance="127.0.0.1:8080",job="project_usages"} 1 ${NOW}\nm{a="2",instance="127.0.0.1:8080",job="project_usages"} 3 ${NOW}\n`,
    );
  });

  it('gives out what any selector selects, once', () => {
    expect(federate('a 1\nb 2\nc 3', NOW, 'a', '{__name__=~"a|c"}').match(/^\w+/gm)).toEqual(['a', 'c']);
    expect(federate('a 1', NOW, 'b')).toBe('');
  });

  it('is no longer shown after five minutes, nor before its time', () => {
    const names = (nowMs: number) => federate(`a 1\nb 2 ${NOW + 1}`, nowMs, '{job!=""}').match(/^\w+/gm);
    expect(names(NOW)).toEqual(['a']);
    expect(names(NOW + 300_000)).toEqual(['a', 'b']);
    expect(names(NOW + 300_001)).toEqual(['b']);
    expect(names(NOW + 300_002)).toBe(null);
  });
});

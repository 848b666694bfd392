import { describe, expect, it } from 'vitest';
import type { Sample } from '../../prometheus/sample.ts';
import { cleanId } from '../../prometheus/label-text.ts';
import { EXPORTER_METRICS } from '../../prometheus/usage-metrics.ts';
import type { SiteRule } from '../settings/sender-settings.ts';
import { bytesOf, mergedFacts, OversizedRequestError, Sorter, writtenSeriesOf } from './sorting.ts';

const BY_LABEL = { siteLabel: 'location', sites: ['a', 'b'] };

function usage(value: number, labels: Record<string, string>): Sample {
  return { name: 'project_vcpu_usage', labels: { instance: 'e', ...labels }, value, timestampMs: 1000 };
}

function sortSamples(samples: readonly Sample[], rule: SiteRule) {
  const sorter = new Sorter(rule);
  for (const sample of samples) sorter.add(writtenSeriesOf(sample), sample.value, sample.timestampMs ?? 0);
  return sorter.finish();
}

describe('a request of many instants', () => {
  const at = (name: string, length: number) =>
    Array.from({ length }, (_, n) => ({ name, labels: { instance: `${n % 3}` }, value: 1, timestampMs: n }));

  it('is refused beyond the number that a Prometheus sends at once', () => {
    expect(sortSamples(at('project_vcpu_usage', 20_000), { site: 'a' }).usage).toHaveLength(20_000);
    expect(() => sortSamples(at('project_vcpu_usage', 20_001), { site: 'a' })).toThrow(OversizedRequestError);
    expect(sortSamples(at(EXPORTER_METRICS.foldedUntil, 60_000), { site: 'a' }).facts).toHaveLength(60_000);
    expect(() => sortSamples(at(EXPORTER_METRICS.foldedUntil, 100_001), { site: 'a' })).toThrow(
      OversizedRequestError,
    );
  });

  it('costs bytes for its instants, samples and labels while it waits', () => {
    const long = { ...usage(1, { a: 'x'.repeat(1_000_000) }) };
    const cost = (samples: Sample[]) => bytesOf(sortSamples(samples, { site: 'a' }).usage);
    expect(cost([long])).toBeGreaterThan(500_000);
    expect(cost(at('project_vcpu_usage', 10_000))).toBeGreaterThan(100_000_000);
    expect(cost(Array.from({ length: 10_000 }, () => usage(1, {})))).toBeLessThan(1_000_000);
  });
});

describe('statements about one instant', () => {
  const instant = { site: 'a', exporter: '\0e', atMs: 1 };

  it('become one, in a fixed order, and the later one completes the earlier one', () => {
    const facts = [
      { ...instant, atMs: 2, foldedUntilSeconds: 1, epoch: null },
      { ...instant, foldedUntilSeconds: 7, epoch: null },
      { ...instant, foldedUntilSeconds: null, epoch: 'x' },
      { ...instant, foldedUntilSeconds: 8, epoch: null },
    ];
    const merged = [
      { ...instant, foldedUntilSeconds: 8, epoch: 'x' },
      { ...instant, atMs: 2, foldedUntilSeconds: 1, epoch: null },
    ];
    expect(mergedFacts(facts)).toEqual(merged);
    expect(mergedFacts(facts.slice(1).concat(facts.slice(0, 1)))).toEqual(merged);
  });
});

describe('the samples of a request', () => {
  it('are usage of the site in their label, if the sender may write to it', () => {
    const [ofA, ofB, ofC, ofNone] = [{ location: 'a' }, { location: 'b' }, { location: 'c' }, {}].map(
      (labels) => usage(1, labels),
    ) as [Sample, Sample, Sample, Sample];
    const part = { exporter: '\0e', atMs: 1000 };
    expect(sortSamples([ofA, ofC, ofB, ofNone, ofA], BY_LABEL)).toEqual({
      usage: [
        { ...part, site: 'a', series: [ofA, ofA].map(writtenSeriesOf), values: [1, 1] },
        { ...part, site: 'b', series: [ofB].map(writtenSeriesOf), values: [1] },
      ],
      facts: [],
      denied: 2,
      deniedSite: 'c',
      foreign: 0,
      targets: [],
    });
  });

  it('belong to the only site of a sender, with any labels (A9)', () => {
    const { usage: parts, denied } = sortSamples([usage(1, { location: 'b' })], { site: 'a' });
    expect([parts.map(({ site }) => site), denied]).toEqual([['a'], 0]);
  });

  it("name the targets of a sender with a site label, each by its series 'up'", () => {
    const up = (labels: Record<string, string>, value = 1) => ({ ...usage(value, labels), name: 'up' });
    const written = [
      up({ job: 'j', location: 'a' }),
      up({ job: 'j', location: 'foreign' }, 0),
      up({ job: 'p' }),
      up({ job: 'ended', location: 'a' }, Number.NaN),
    ];
    expect(sortSamples(written, BY_LABEL)).toMatchObject({
      denied: 0,
      foreign: 3,
      targets: [
        { site: 'a', job: 'j', instance: 'e' },
        { site: 'foreign', job: 'j', instance: 'e' },
        { site: '', job: 'p', instance: 'e' },
      ],
    });
    expect(sortSamples(written, { site: 'a' }).targets).toEqual([]);
    expect(
      sortSamples(
        Array.from({ length: 1001 }, () => up({})),
        BY_LABEL,
      ).targets,
    ).toHaveLength(1000);
  });

  it('are not usage if they mark the end of a series', () => {
    const ended = usage(Number.NaN, { location: 'c' });
    expect(sortSamples([ended], BY_LABEL)).toEqual({
      usage: [],
      facts: [],
      denied: 0,
      deniedSite: undefined,
      foreign: 0,
      targets: [],
    });
  });

  it("contain their exporter's facts; all others are foreign", () => {
    const sample = (name: string, value: number, labels: Record<string, string> = {}) => ({
      name,
      labels: { instance: 'e', ...labels },
      value,
      timestampMs: 1000,
    });
    const fact = { site: 'a', exporter: '\0e', atMs: 1000 };
    const sorted = sortSamples(
      [
        sample(EXPORTER_METRICS.foldedUntil, 7),
        sample(EXPORTER_METRICS.epochInfo, 1, { epoch: 'x\0y' }),
        sample(EXPORTER_METRICS.epochInfo, 0, { epoch: 'the earlier one' }),
        sample('up', 1),
      ],
      { site: 'a' },
    );
    expect([sorted.facts, sorted.foreign]).toEqual([
      [
        { ...fact, foldedUntilSeconds: 7, epoch: null },
        { ...fact, foldedUntilSeconds: null, epoch: cleanId('x\0y') },
      ],
      2,
    ]);
  });
});

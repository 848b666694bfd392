import { describe, expect, it } from 'vitest';
import type { Sample } from '../../prometheus/sample.ts';
import { cleanId } from '../../prometheus/label-text.ts';
import { EXPORTER_METRICS } from '../../prometheus/usage-metrics.ts';
import { sortSamples } from './sorting.ts';

const BY_LABEL = { siteLabel: 'location', sites: ['a', 'b'] };

function usage(value: number, labels: Record<string, string>): Sample {
  return { name: 'project_vcpu_usage', labels: { instance: 'e', ...labels }, value, timestampMs: 1000 };
}

describe('the samples of a request', () => {
  it('are usage of the site that their label names, where the sender may write as it', () => {
    const [ofA, ofB, ofC, ofNone] = [{ location: 'a' }, { location: 'b' }, { location: 'c' }, {}].map(
      (labels) => usage(1, labels),
    ) as [Sample, Sample, Sample, Sample];
    const part = { exporter: '\0e', atMs: 1000 };
    expect(sortSamples([ofA, ofC, ofB, ofNone, ofA], BY_LABEL)).toEqual({
      usage: [
        { ...part, site: 'a', samples: [ofA, ofA] },
        { ...part, site: 'b', samples: [ofB] },
      ],
      facts: [],
      denied: 2,
      deniedSite: 'c',
      foreign: 0,
    });
  });

  it('are of the one site of a sender, whatever their labels say (A9)', () => {
    const { usage: parts, denied } = sortSamples([usage(1, { location: 'b' })], { site: 'a' });
    expect([parts.map(({ site }) => site), denied]).toEqual([['a'], 0]);
  });

  it('are no usage where they mark the end of a series', () => {
    const ended = usage(Number.NaN, { location: 'c' });
    expect(sortSamples([ended], BY_LABEL)).toEqual({
      usage: [],
      facts: [],
      denied: 0,
      deniedSite: undefined,
      foreign: 0,
    });
  });

  it('tell what their exporter states of its totals; all others are foreign', () => {
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
        sample(EXPORTER_METRICS.epochInfo, 0, { epoch: 'that of before' }),
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

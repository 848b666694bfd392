import type { Sample } from '../prometheus/sample.ts';
import { compileSelector } from '../prometheus/selector-matching.ts';
import { writeExposition } from '../prometheus/text-format-writer.ts';
import type { Selector } from './policy.ts';
import type { Scrape } from './scrape.ts';

/** Prometheus' lookback: an older sample is no longer the present value of its series. */
const LOOKBACK_MS = 5 * 60_000;

/**
 * The answer of `/federate`, one family after the other: the series that any of the selectors selects, untyped, each with
 * the time of its sample. Source: web/federate.go of Prometheus.
 */
export function* federationBody(
  scrape: Scrape,
  selectors: readonly Selector[],
  nowMs: number,
): Generator<string> {
  const predicates = selectors.map(compileSelector);
  const isSelected = (sample: Sample) =>
    isPresent(sample, nowMs) && predicates.some((selects) => selects(sample.name, sample.labels));
  for (const [name, samples] of scrape.families) {
    const text = writeExposition([{ name, help: '', type: 'untyped', samples: samples.filter(isSelected) }]);
    if (text !== '') yield text;
  }
}

function isPresent({ timestampMs }: Sample, nowMs: number): boolean {
  return timestampMs !== undefined && timestampMs <= nowMs && timestampMs >= nowMs - LOOKBACK_MS;
}

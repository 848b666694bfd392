import { compileSelector, type SeriesPredicate } from '../prometheus/selector-matching.ts';
import { familyHead } from '../prometheus/text-format-writer.ts';
import type { Selector } from './policy.ts';
import type { Scrape, StoredSample } from './scrape.ts';

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
  const predicates = selectors.map((selector) => compileSelector(selector));
  for (const [name, samples] of scrape) {
    const lines = selectedLines(name, samples, predicates, nowMs);
    if (lines !== '') yield familyHead({ name, help: '', type: 'untyped' }) + lines;
  }
}

function selectedLines(
  name: string,
  samples: readonly StoredSample[],
  predicates: readonly SeriesPredicate[],
  nowMs: number,
): string {
  let lines = '';
  for (const { labels, timestampMs, line } of samples) {
    if (timestampMs > nowMs || timestampMs < nowMs - LOOKBACK_MS) continue;
    if (predicates.some((selects) => selects(name, labels))) lines += line;
  }
  return lines;
}

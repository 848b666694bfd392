import { compileSelector } from '../../prometheus/selectors/selector-matching.ts';
import { costOfMatcher } from '../../prometheus/selectors/selectors.ts';
import { familyHead } from '../../prometheus/text-format/text-format-writer.ts';
import type { Selector } from '../policy.ts';
import type { Scrape, StoredSample } from './scrape.ts';

/** Prometheus' lookback: an older sample is not the present value of its series. */
const LOOKBACK_MS = 5 * 60_000;

/** Work of one step: the cost of the request's matchers times the characters that they read. Some milliseconds. */
export const WORK_IN_STEP = 1_000_000;

/**
 * The answer of `/federate`: the series that at least one selector selects, by family, untyped, each with the time of its
 * sample. Each piece ends a step of work, even an empty piece. Source: web/federate.go of Prometheus.
 */
export function* federationBody(
  scrape: Scrape,
  selectors: readonly Selector[],
  nowMs: number,
): Generator<string> {
  const predicates = selectors.map((selector) => compileSelector(selector));
  const cost = selectors.flat().reduce((sum, matcher) => sum + 1 + costOfMatcher(matcher), 1);
  let [piece, work] = ['', 0];
  for (const [name, samples] of scrape) {
    let head = familyHead({ name, help: '', type: 'untyped' });
    for (const sample of samples) {
      if (work > WORK_IN_STEP) {
        yield piece;
        [piece, work] = ['', 0];
      }
      work += cost * sample.line.length;
      if (!isPresent(sample, nowMs) || !predicates.some((selects) => selects(name, sample.labels))) continue;
      piece += head + sample.line;
      head = '';
    }
  }
  yield piece;
}

function isPresent({ timestampMs }: StoredSample, nowMs: number): boolean {
  return timestampMs <= nowMs && timestampMs >= nowMs - LOOKBACK_MS;
}

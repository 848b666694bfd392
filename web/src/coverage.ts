import type { Coverage } from './api.ts';
import { count } from './format.ts';
import type { BucketStep } from './period.ts';

/** `none`: the ledger has no entry for the time, such as before a site was read for the first time. */
export type BucketCoverage = Coverage | 'none';

const ORDER: readonly BucketCoverage[] = ['none', 'measured', 'spread', 'missing'];

export function worstCoverage(coverages: Iterable<BucketCoverage>): BucketCoverage {
  let worst: BucketCoverage = 'none';
  for (const coverage of coverages) if (ORDER.indexOf(coverage) > ORDER.indexOf(worst)) worst = coverage;
  return worst;
}

/** How coverage is called in one word or two. */
export function coverageWord(coverage: BucketCoverage): string {
  return coverage === 'none' ? 'no entry' : coverage;
}

export const COVERAGE_MEANING: Readonly<Record<BucketCoverage, string>> = {
  measured: 'Known from readings.',
  spread: 'Usage is known over a gap between two readings, and is spread evenly over its hours.',
  missing: 'Some readings are missing, so that usage may be missing too.',
  none: 'The ledger has no entry for this time.',
};

/** `3 of 24 hours are spread over a gap, 1 is missing.`; empty where all is measured. */
export function coverageSentence(coverages: readonly BucketCoverage[], step: BucketStep): string {
  const of = (wanted: BucketCoverage) => coverages.filter((coverage) => coverage === wanted).length;
  const parts = [
    part(of('spread'), 'spread over a gap'),
    part(of('missing'), 'missing readings'),
    part(of('none'), 'without an entry'),
  ].filter((text) => text !== '');
  return parts.length === 0 ? '' : `Of ${count(coverages.length)} ${step}s, ${parts.join(', ')}.`;
}

function part(number: number, words: string): string {
  return number === 0 ? '' : `${count(number)} ${number === 1 ? 'is' : 'are'} ${words}`;
}

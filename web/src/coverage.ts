import type { Coverage, CoverageRow } from './api.ts';
import { count } from './format.ts';
import type { BucketStep } from './period.ts';

/** `none`: no reading has reached the time yet, such as before a site was read for the first time. */
export type BucketCoverage = Coverage | 'none';

const ORDER: readonly BucketCoverage[] = ['none', 'measured', 'spread', 'missing'];

export function worstCoverage(coverages: Iterable<BucketCoverage>): BucketCoverage {
  let worst: BucketCoverage = 'none';
  for (const coverage of coverages) if (ORDER.indexOf(coverage) > ORDER.indexOf(worst)) worst = coverage;
  return worst;
}

/** How the steps are known that have no row of usage, by their start: as the portal says it. */
export function coverageByStart(rows: readonly CoverageRow[]): (startMs: number) => BucketCoverage {
  const byStart = new Map(rows.map((row) => [Date.parse(row.start), bucketCoverage(row)]));
  return (startMs) => byStart.get(startMs) ?? 'none';
}

function bucketCoverage({ coverage, reached }: CoverageRow): BucketCoverage {
  return reached || coverage === 'missing' ? coverage : 'none';
}

/** How coverage is called in one word or two. */
export function coverageWord(coverage: BucketCoverage): string {
  return coverage === 'none' ? 'not read yet' : coverage;
}

export const COVERAGE_MEANING: Readonly<Record<BucketCoverage, string>> = {
  measured: 'Known from readings.',
  spread: 'Usage is known over a gap between two readings, and is spread evenly over its hours.',
  missing: 'Some readings are missing, so that usage may be missing too.',
  none: 'No reading has reached this time yet.',
};

/** How the coverage of a longer time is called, of which the worst part is known. */
export function coverageOfWhole(worst: BucketCoverage): string {
  return worst === 'spread' || worst === 'missing' ? `partly ${worst}` : coverageWord(worst);
}

/** `Of 24 hours, 3 are spread over a gap, 1 has readings missing.`; empty where all is measured. */
export function coverageSentence(coverages: readonly BucketCoverage[], step: BucketStep): string {
  const of = (wanted: BucketCoverage) => coverages.filter((coverage) => coverage === wanted).length;
  const parts = [
    part(of('spread'), 'is spread over a gap', 'are spread over a gap'),
    part(of('missing'), 'has readings missing', 'have readings missing'),
  ].filter((text) => text !== '');
  return parts.length === 0 ? '' : `Of ${count(coverages.length)} ${step}s, ${parts.join(', ')}.`;
}

function part(number: number, one: string, several: string): string {
  return number === 0 ? '' : `${count(number)} ${number === 1 ? one : several}`;
}

import type { Coverage, CoverageRow } from './api.ts';
import { count, plural } from './format.ts';
import type { BucketStep } from './period.ts';

/** `none`: no reading has reached this time, for example before the first reading of a site. */
export type BucketCoverage = Coverage | 'none';

const ORDER: readonly BucketCoverage[] = ['none', 'measured', 'spread', 'missing'];

export function worstCoverage(coverages: Iterable<BucketCoverage>): BucketCoverage {
  let worst: BucketCoverage = 'none';
  for (const coverage of coverages) if (ORDER.indexOf(coverage) > ORDER.indexOf(worst)) worst = coverage;
  return worst;
}

/** The coverage of a step by its start, from the portal's answer. For steps that have no row of usage. */
export function coverageByStart(rows: readonly CoverageRow[]): (startMs: number) => BucketCoverage {
  const byStart = new Map(rows.map((row) => [Date.parse(row.start), bucketCoverage(row)]));
  return (startMs) => byStart.get(startMs) ?? 'none';
}

export function bucketCoverage({ coverage, reached }: CoverageRow): BucketCoverage {
  return reached || coverage === 'missing' ? coverage : 'none';
}

/** A word or two for coverage. */
export function coverageWord(coverage: BucketCoverage): string {
  return coverage === 'none' ? 'not read yet' : coverage;
}

export const COVERAGE_MEANING: Readonly<Record<BucketCoverage, string>> = {
  measured: 'Known from readings.',
  spread: 'The usage between two readings is known, and is spread evenly over the hours of the gap.',
  missing: 'Some readings are missing, so some usage may be missing too.',
  none: 'No reading has reached this time yet.',
};

/** Words for the coverage of a longer time, whose worst part has the coverage `worst`. */
export function coverageOfWhole(worst: BucketCoverage): string {
  return worst === 'spread' || worst === 'missing' ? `partly ${worst}` : coverageWord(worst);
}

/** `3 of 24 hours are spread over a gap, 1 has missing readings.`; empty if all are measured. */
export function coverageSentence(
  coverages: readonly BucketCoverage[],
  step: BucketStep,
  problems: readonly Problem[] = PROBLEMS,
): string {
  const parts = problems
    .map((problem) => ({
      ...problem,
      number: coverages.filter((coverage) => coverage === problem.coverage).length,
    }))
    .filter(({ number }) => number > 0);
  const texts = parts.map(({ number, one, several }, index) => {
    const whole = index === 0 ? ` of ${plural(coverages.length, step)}` : '';
    return `${count(number)}${whole} ${number === 1 ? one : several}`;
  });
  return texts.length === 0 ? '' : `${texts.join(', ')}.`;
}

interface Problem {
  coverage: BucketCoverage;
  one: string;
  several: string;
}

const PROBLEMS: readonly Problem[] = [
  { coverage: 'spread', one: 'is spread over a gap', several: 'are spread over a gap' },
  { coverage: 'missing', one: 'has missing readings', several: 'have missing readings' },
];

/** The same for a time that is over: no reading comes any more for steps without one. */
export function coverageSentenceOfPast(coverages: readonly BucketCoverage[], step: BucketStep): string {
  const unread = { coverage: 'none', one: 'has no readings', several: 'have no readings' } as const;
  return coverageSentence(coverages, step, [...PROBLEMS, unread]);
}

import { COVERAGE_MEANING, coverageOfWhole, type BucketCoverage } from '../coverage.ts';

/** Words for the coverage of a longer time; empty if all of it is measured. */
export function CoverageMark({ coverage }: { coverage: BucketCoverage }) {
  if (coverage === 'measured' || coverage === 'none') return null;
  return (
    <span class={`coverage coverage-${coverage}`} title={COVERAGE_MEANING[coverage]}>
      {coverageOfWhole(coverage)}
    </span>
  );
}

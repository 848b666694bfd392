import { COVERAGE_MEANING, coverageOfWhole, type BucketCoverage } from '../coverage.ts';

/** Says in words how the usage of a longer time is known; nothing where all of it is measured. */
export function CoverageMark({ coverage }: { coverage: BucketCoverage }) {
  if (coverage === 'measured' || coverage === 'none') return null;
  return (
    <span class={`coverage coverage-${coverage}`} title={COVERAGE_MEANING[coverage]}>
      {coverageOfWhole(coverage)}
    </span>
  );
}

import { COVERAGE_MEANING, coverageWord, type BucketCoverage } from '../coverage.ts';

/** Says in a word how an amount is known; nothing where it is measured. */
export function CoverageMark({ coverage }: { coverage: BucketCoverage }) {
  if (coverage === 'measured') return null;
  return (
    <span class={`coverage coverage-${coverage}`} title={COVERAGE_MEANING[coverage]}>
      {coverageWord(coverage)}
    </span>
  );
}

import { coverageSentence, type BucketCoverage } from '../coverage.ts';
import type { BucketStep } from '../period.ts';

/** The key to the marks above the bars; empty if there are no marks. */
export function CoverageKey({ coverages }: { coverages: readonly BucketCoverage[] }) {
  return (
    <>
      {coverages.includes('spread') && (
        <span class="coverage-key">
          <MarkPicture hatched /> spread
        </span>
      )}
      {coverages.includes('missing') && (
        <span class="coverage-key">
          <MarkPicture hatched={false} /> missing
        </span>
      )}
    </>
  );
}

/** The key to the line of the time before. */
export function EarlierKey() {
  return (
    <span class="earlier-key">
      <svg
        viewBox="0 0 18 8"
        width="18"
        height="8"
        aria-hidden="true"
        stroke="currentColor"
        stroke-width="1.5"
      >
        <path d="M0 4h18" stroke-dasharray="4" />
      </svg>{' '}
      before
    </span>
  );
}

/** The key to the triangles above the bars. */
export function CorrectionKey() {
  return (
    <span class="earlier-key">
      <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true" fill="currentColor">
        <path d="M0 0h8L4 8" />
      </svg>{' '}
      corrected
    </span>
  );
}

/** The numbers of hours or days that are not measured; empty if all are measured. */
export function CoverageSummary({
  coverages,
  step,
}: {
  coverages: readonly BucketCoverage[];
  step: BucketStep;
}) {
  const sentence = coverageSentence(coverages, step);
  return sentence === '' ? null : <p class="coverage-summary">{sentence}</p>;
}

function MarkPicture({ hatched }: { hatched: boolean }) {
  return (
    <svg
      viewBox="0 0 18 8"
      width="18"
      height="8"
      aria-hidden="true"
      stroke="currentColor"
      stroke-width="1.5"
      fill="none"
    >
      {hatched ? (
        <path d="M-1 8 7-1M4 8l8-9M9 8l8-9M14 8l8-9" />
      ) : (
        <rect x="0.75" y="0.75" width="16.5" height="6.5" />
      )}
    </svg>
  );
}

import { coverageSentence, type BucketCoverage } from '../coverage.ts';
import type { BucketStep } from '../period.ts';

/** What the marks above the bars mean, and how many hours or days have one. */
export function CoverageKey({ coverages, step }: { coverages: readonly BucketCoverage[]; step: BucketStep }) {
  const sentence = coverageSentence(coverages, step);
  if (sentence === '') return null;
  return (
    <p class="coverage-key">
      {sentence}{' '}
      {coverages.includes('spread') && (
        <span class="coverage-key-mark">
          <MarkPicture hatched /> spread
        </span>
      )}{' '}
      {coverages.includes('missing') && (
        <span class="coverage-key-mark">
          <MarkPicture hatched={false} /> missing
        </span>
      )}
    </p>
  );
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

import { coverageSentenceOfPast } from '../../coverage.ts';
import { spanWords } from '../../period.ts';
import type { ResourcesOverTime } from '../data/resources-over-time.ts';

/** Says with which time a page compares, and which part of that time is not known. */
export function EarlierNote({ earlier }: { earlier: ResourcesOverTime | undefined }) {
  if (earlier === undefined) return null;
  const { span, coverages } = earlier;
  const problems = coverageSentenceOfPast(coverages, span.step);
  return (
    <p class={problems === '' ? 'coverage-summary' : 'notice notice-warn'}>
      Compared with {spanWords(span)}
      {problems === '' ? '.' : `, which is not all measured: ${problems}`}
    </p>
  );
}

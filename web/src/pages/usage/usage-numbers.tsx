import { usageAddress, type UsageQuestion } from '../../api.ts';
import { correctionsByBucket, correctionWords } from '../../charts/corrections.ts';
import { CoverageSummary } from '../../controls/coverage-key.tsx';
import { DownloadLink } from '../../controls/download-link.tsx';
import { boundsOf, fileName, periodLabel } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { BucketTable, type BucketColumn } from '../../tables/bucket-table.tsx';
import { largestOf } from '../../tables/project-usage.ts';
import { scaleFor } from '../../units.ts';
import type { CorrectionRow } from '../data/records.ts';
import { earlierOf, type ComparedResources } from '../data/resources-over-time.ts';

interface UsageNumbersProps {
  data: ComparedResources;
  corrections?: readonly CorrectionRow[];
  /** The question for the CSV file, without the times, which are those of the page. */
  question: Omit<UsageQuestion, 'fromMs' | 'toMs' | 'zone' | 'step'>;
  /** The project or grant, for the name of the file. */
  subject: string;
  page: number;
  onPage: (page: number) => void;
}

/** The numbers of the charts with their coverage, and a link to them as a file. */
export function UsageNumbers({ data, corrections, question, subject, page, onPage }: UsageNumbersProps) {
  const { step, period, starts } = data.span;
  return (
    <section class="card" aria-labelledby="numbers-heading">
      <div class="card-head">
        <h2 id="numbers-heading">Usage by {step}</h2>
        <DownloadLink
          address={usageAddress({ ...question, ...boundsOf(data.span), step }, 'csv')}
          name={fileName('usage', subject, period)}
        />
      </div>
      <CoverageSummary coverages={data.coverages} step={step} />
      <BucketTable
        caption={`Usage by ${step}, ${periodLabel(period)}`}
        span={data.span}
        starts={starts}
        coverages={data.coverages}
        columns={columnsOf(data, corrections)}
        page={page}
        onPage={onPage}
      />
    </section>
  );
}

/** A column for each resource, and one for the time before. */
function columnsOf(
  { span, resources, earlier }: ComparedResources,
  corrections: readonly CorrectionRow[] = [],
): BucketColumn[] {
  return resources.flatMap(({ resource, unit, stack: { totals } }) => {
    const before = earlierOf(earlier, resource)?.stack.totals;
    const scale = scaleFor(unit, largestOf([...totals, ...(before ?? [])]));
    const label = resourceLabel(resource);
    const column = { label, unit, scale };
    const corrected = correctionsByBucket(span, resource, corrections).map((rows) =>
      correctionWords(rows, span, scale.format),
    );
    const now = { ...column, key: resource, values: totals, corrected };
    return before === undefined
      ? [now]
      : [now, { ...column, key: `${resource} before`, label: `${label} before`, values: before }];
  });
}

import type { UsageQuestion } from '../../api.ts';
import { CoverageSummary } from '../../controls/coverage-key.tsx';
import { DownloadLink } from '../../controls/download-link.tsx';
import { bucketStarts, periodLabel } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { BucketTable } from '../../tables/bucket-table.tsx';
import { largestOf } from '../../tables/project-usage.ts';
import { scaleFor } from '../../units.ts';
import type { ResourcesOverTime } from '../data/project-data.ts';

interface UsageNumbersProps {
  data: ResourcesOverTime;
  /** The question for the CSV file, without the times, which are those of the page. */
  question: Omit<UsageQuestion, 'fromMs' | 'toMs' | 'step'>;
  /** The project or grant, for the name of the file. */
  subject: string;
  page: number;
  onPage: (page: number) => void;
}

/** The numbers of the charts with their coverage, and a link to them as a file. */
export function UsageNumbers({ data, question, subject, page, onPage }: UsageNumbersProps) {
  const { fromMs, toMs, step, period } = data.span;
  return (
    <section class="card" aria-labelledby="numbers-heading">
      <div class="card-head">
        <h2 id="numbers-heading">Usage by {step}</h2>
        <DownloadLink
          question={{ ...question, fromMs, toMs, step }}
          name={`usage-${subject.replaceAll(/[^\w.-]/g, '_')}-${period}`}
        />
      </div>
      <CoverageSummary coverages={data.coverages} step={step} />
      <BucketTable
        caption={`Usage by ${step}, last ${periodLabel(period)}`}
        span={data.span}
        starts={bucketStarts(data.span)}
        coverages={data.coverages}
        columns={data.resources.map(({ resource, unit, stack: { totals } }) => ({
          key: resource,
          label: resourceLabel(resource),
          unit,
          scale: scaleFor(unit, largestOf(totals)),
          values: totals,
        }))}
        page={page}
        onPage={onPage}
      />
    </section>
  );
}

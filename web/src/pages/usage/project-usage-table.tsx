import { BucketTable } from '../../tables/bucket-table.tsx';
import { periodLabel, bucketStarts } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { scaleFor } from '../../units.ts';
import { largestOf } from '../../tables/project-usage.ts';
import type { ResourcesOverTime } from '../data/project-data.ts';

interface ProjectUsageTableProps {
  data: ResourcesOverTime;
  nowMs: number;
  page: number;
  onPage: (page: number) => void;
}

export function ProjectUsageTable({ data, nowMs, page, onPage }: ProjectUsageTableProps) {
  const columns = data.resources.map(({ resource, unit, stack }) => ({
    key: resource,
    label: resourceLabel(resource),
    unit,
    scale: scaleFor(unit, largestOf(stack.totals)),
    values: stack.totals,
  }));
  return (
    <BucketTable
      caption={`Usage by ${data.span.step}, last ${periodLabel(data.span.period)}`}
      span={data.span}
      starts={bucketStarts(data.span)}
      coverages={data.coverages}
      columns={columns}
      nowMs={nowMs}
      page={page}
      onPage={onPage}
    />
  );
}

import type { Figure } from '../../controls/figures.tsx';
import { exact } from '../../format.ts';
import { periodLabel, type Span } from '../../period.ts';
import { changeOf, changeWords } from '../../periods/change.ts';
import { resourceLabel } from '../../resources.ts';
import { scaleFor } from '../../units.ts';
import { earlierOf, type ResourcesOverTime } from '../data/resources-over-time.ts';

interface ResourceSum {
  resource: string;
  unit: string;
  total: number;
}

/** The sum of each resource over a period, with the change from the time before. */
export function resourceFigures(
  sums: readonly ResourceSum[],
  { period }: Span,
  earlier: ResourcesOverTime | undefined,
): Figure[] {
  return sums.map(({ resource, unit, total }) => {
    const scale = scaleFor(unit, total);
    return {
      label: `${resourceLabel(resource)}, ${periodLabel(period)}`,
      value: scale.format(total),
      detail: scale.unit,
      title: `${exact(total)} ${unit}`,
      note: earlier && changeWords(changeOf(total, earlierOf(earlier, resource)?.total ?? 0, scale.format)),
    };
  });
}

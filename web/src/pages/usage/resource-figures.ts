import type { Figure } from '../../controls/figures.tsx';
import { exact } from '../../format.ts';
import { periodLabel, type Span } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { scaleFor } from '../../units.ts';

interface ResourceSum {
  resource: string;
  unit: string;
  total: number;
}

/** The sum of each resource over a period. */
export function resourceFigures(sums: readonly ResourceSum[], { period }: Span): Figure[] {
  return sums.map(({ resource, unit, total }) => {
    const scale = scaleFor(unit, total);
    return {
      label: `${resourceLabel(resource)}, ${periodLabel(period)}`,
      value: scale.format(total),
      detail: scale.unit,
      title: `${exact(total)} ${unit}`,
    };
  });
}

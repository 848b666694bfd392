import type { Figure } from '../../controls/figures.tsx';
import { exact } from '../../format.ts';
import { periodLabel } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { scaleFor } from '../../units.ts';
import type { ResourcesOverTime } from '../data/project-data.ts';

/** The sum of each resource. */
export function resourceFigures({ resources, span }: ResourcesOverTime): Figure[] {
  return resources.map(({ resource, unit, total }) => {
    const scale = scaleFor(unit, total);
    return {
      label: `${resourceLabel(resource)}, ${periodLabel(span.period)}`,
      value: scale.format(total),
      detail: scale.unit,
      title: `${exact(total)} ${unit}`,
    };
  });
}

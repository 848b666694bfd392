import { useMemo } from 'preact/hooks';
import { Swatch } from '../../charts/swatch.tsx';
import { UsageChart } from '../../charts/usage-chart.tsx';
import { CoverageKey, CoverageSummary, EarlierKey } from '../../controls/coverage-key.tsx';
import { Name } from '../../controls/name.tsx';
import { resourceLabel } from '../../resources.ts';
import type { GroupKind } from '../../routing.ts';
import { largestOf, type ResourceTotal } from '../../tables/project-usage.ts';
import { scaleFor } from '../../units.ts';
import { earlierOf } from '../data/resources-over-time.ts';
import type { Totals } from '../data/totals-data.ts';
import { EarlierNote } from '../usage/earlier-note.tsx';

interface TotalsChartProps {
  by: GroupKind;
  totals: Totals;
  resource: ResourceTotal;
}

/** The largest groups over time, with all usage of the time before as a line. */
export function TotalsChart({ by, totals, resource: { resource, unit } }: TotalsChartProps) {
  const { span, stack, colours } = totals;
  const earlier = earlierOf(totals.earlier, resource)?.stack.totals;
  const picture = useMemo(() => {
    const scale = scaleFor(unit, largestOf([...stack.totals, ...(earlier ?? [])]));
    return { span, stack, colours, scale, earlier };
  }, [totals]);
  const label = resourceLabel(resource);
  return (
    <figure class="card">
      <figcaption>
        <strong>{label}</strong> {picture.scale.unit} per {span.step}{' '}
        <CoverageKey coverages={stack.coverages} />
        {earlier !== undefined && <EarlierKey />}
      </figcaption>
      <UsageChart
        picture={picture}
        label={`Chart: ${label} by ${by} and ${span.step}. Its sums are in the table that follows.`}
      />
      <ul class="key" aria-label="Layers of the chart">
        {stack.layers.map(({ key, label: name }) => (
          <li key={key}>
            <Swatch colour={colours.get(key)} /> <Name text={name} />
          </li>
        ))}
      </ul>
      <CoverageSummary coverages={stack.coverages} step={span.step} />
      <EarlierNote earlier={totals.earlier} />
    </figure>
  );
}

import { useMemo } from 'preact/hooks';
import { COLOURS } from '../../charts/colours.ts';
import { UsageChart } from '../../charts/usage-chart.tsx';
import { CoverageKey } from '../../controls/coverage-key.tsx';
import { periodLabel, type Span } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { scaleFor } from '../../units.ts';
import { largestOf } from '../../tables/project-usage.ts';
import { NoUsage } from './overview-empty.tsx';
import type { ResourcesOverTime, ResourceUsage } from '../data/project-data.ts';

interface ResourceChartsProps {
  data: ResourcesOverTime;
  /** The colours of the layers. Without them each chart has one layer, in its own colour. */
  colours?: ReadonlyMap<string, number>;
}

/** One chart for each resource, because amounts with different units cannot share an axis. */
export function ResourceCharts({ data, colours }: ResourceChartsProps) {
  if (data.resources.length === 0)
    return (
      <section class="card">
        <NoUsage period={periodLabel(data.span.period)} />
      </section>
    );
  return (
    <section aria-labelledby="charts-heading">
      <h2 id="charts-heading" class="visually-hidden">
        Usage over time
      </h2>
      <div class="chart-grid">
        {data.resources.map((usage, index) => (
          <ResourceChart
            key={usage.resource}
            usage={usage}
            span={data.span}
            colours={colours}
            colour={(index % COLOURS) + 1}
          />
        ))}
      </div>
    </section>
  );
}

interface ResourceChartProps {
  usage: ResourceUsage;
  span: Span;
  colours: ReadonlyMap<string, number> | undefined;
  colour: number;
}

function ResourceChart({ usage, span, colours, colour }: ResourceChartProps) {
  const { resource, unit, stack } = usage;
  const picture = useMemo(() => {
    return {
      span,
      stack,
      colours: colours ?? new Map([[resource, colour]]),
      scale: scaleFor(unit, largestOf(stack.totals)),
    };
  }, [usage, span, colours, colour]);
  const label = resourceLabel(resource);
  return (
    <figure class="card">
      <figcaption>
        <strong>{label}</strong> {picture.scale.unit} per {span.step}{' '}
        <CoverageKey coverages={stack.coverages} />
      </figcaption>
      <UsageChart
        picture={picture}
        label={`Chart: ${label} by ${span.step}. Its numbers are in the table that follows.`}
      />
    </figure>
  );
}

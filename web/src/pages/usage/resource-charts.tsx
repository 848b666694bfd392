import { useMemo } from 'preact/hooks';
import { COLOURS } from '../../charts/colours.ts';
import { UsageChart } from '../../charts/usage-chart.tsx';
import { CorrectionKey, CoverageKey, EarlierKey } from '../../controls/coverage-key.tsx';
import { correctionsByBucket } from '../../charts/corrections.ts';
import { periodLabel, type Span } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { scaleFor } from '../../units.ts';
import { largestOf } from '../../tables/project-usage.ts';
import { NoUsage } from './overview-empty.tsx';
import type { CorrectionRow } from '../data/records.ts';
import { earlierOf, type ComparedResources, type ResourceUsage } from '../data/resources-over-time.ts';

interface ResourceChartsProps {
  data: ComparedResources;
  /** The colours of the layers. Without them each chart has one layer, in its own colour. */
  colours?: ReadonlyMap<string, number>;
  corrections?: readonly CorrectionRow[];
}

/** One chart for each resource, because amounts with different units cannot share an axis. */
export function ResourceCharts({ data, colours, corrections }: ResourceChartsProps) {
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
            earlier={earlierOf(data.earlier, usage.resource)}
            colours={colours}
            corrections={corrections}
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
  earlier: ResourceUsage | undefined;
  colours: ReadonlyMap<string, number> | undefined;
  corrections: readonly CorrectionRow[] | undefined;
  colour: number;
}

const NONE: readonly CorrectionRow[] = [];

function ResourceChart({ usage, span, earlier, colours, corrections = NONE, colour }: ResourceChartProps) {
  const { resource, unit, stack } = usage;
  const picture = useMemo(() => {
    return {
      span,
      stack,
      colours: colours ?? new Map([[resource, colour]]),
      scale: scaleFor(unit, largestOf([...stack.totals, ...(earlier?.stack.totals ?? [])])),
      earlier: earlier?.stack.totals,
      corrections: correctionsByBucket(span, resource, corrections),
    };
  }, [usage, span, earlier, colours, corrections, colour]);
  const label = resourceLabel(resource);
  return (
    <figure class="card">
      <figcaption>
        <strong>{label}</strong> {picture.scale.unit} per {span.step}{' '}
        <CoverageKey coverages={stack.coverages} />
        {earlier !== undefined && <EarlierKey />}
        {picture.corrections.some(({ length }) => length > 0) && <CorrectionKey />}
      </figcaption>
      <UsageChart
        picture={picture}
        label={`Chart: ${label} by ${span.step}. Its numbers are in the table that follows.`}
      />
    </figure>
  );
}

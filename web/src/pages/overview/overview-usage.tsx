import { useMemo, useRef, useState } from 'preact/hooks';
import { assignColours } from '../../charts/colours.ts';
import type { Picture } from '../../charts/picture.ts';
import { UsageChart } from '../../charts/usage-chart.tsx';
import { BucketTable } from '../../tables/bucket-table.tsx';
import { CoverageKey, CoverageSummary, EarlierKey } from '../../controls/coverage-key.tsx';
import { usageAddress } from '../../api.ts';
import { DownloadLink } from '../../controls/download-link.tsx';
import { Select } from '../../controls/select.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { TopTable } from '../../tables/top-table.tsx';
import type { LiveState } from '../../live/live-query.ts';
import { boundsOf, fileName, periodLabel } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import type { OverviewRoute } from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';
import { scaleFor } from '../../units.ts';
import type { OverviewUsage } from '../data/overview-data.ts';
import { largestOf, type ResourceTotal } from '../../tables/project-usage.ts';
import { earlierOf } from '../data/resources-over-time.ts';
import { EarlierNote } from '../usage/earlier-note.tsx';
import { NoUsage } from '../usage/overview-empty.tsx';
import { PeriodControls } from '../usage/period-controls.tsx';

interface SectionProps {
  route: OverviewRoute;
  usage: LiveState<OverviewUsage>;
}

/** Usage of one resource over time, by project. */
export function OverviewUsageSection({ route, usage }: SectionProps) {
  const total = usage.data?.resources.find(({ resource }) => resource === usage.data?.resource);
  return (
    <section
      class="card"
      aria-labelledby="usage-heading"
      aria-busy={usage.pending && usage.error === undefined}
    >
      <div class="card-head">
        <h2 id="usage-heading">Usage over time</h2>
        <UsageControls route={route} usage={usage.data} />
      </div>
      <div class={usage.pending && usage.data !== undefined ? 'outdated' : undefined}>
        {usage.data === undefined && <Waiting what="the usage" error={usage.error} />}
        {usage.data !== undefined && total === undefined && (
          <NoUsage period={periodLabel(usage.data.span.period)} />
        )}
        {usage.data !== undefined && total !== undefined && (
          <UsageOfResource usage={usage.data} total={total} />
        )}
      </div>
    </section>
  );
}

function UsageControls({ route, usage }: { route: OverviewRoute; usage: OverviewUsage | undefined }) {
  const resources = usage?.resources ?? [];
  const chosen = resources.some(({ resource }) => resource === route.resource)
    ? route.resource
    : usage?.resource;
  return (
    <div class="controls">
      {resources.length > 0 && (
        <Select
          label="Resource"
          options={resources.map(({ resource }) => ({ value: resource, label: resourceLabel(resource) }))}
          chosen={chosen}
          onChoose={(resource) => replaceRoute({ ...route, resource })}
        />
      )}
      <PeriodControls
        period={route.period}
        onChoose={(period) => replaceRoute({ ...route, period, tablePage: 1 })}
      />
    </div>
  );
}

function UsageOfResource({ usage, total }: { usage: OverviewUsage; total: ResourceTotal }) {
  const colours = useColours(usage);
  const earlier = earlierOf(usage.earlier, total.resource)?.stack.totals;
  const picture = useMemo<Picture>(() => {
    return {
      span: usage.span,
      stack: usage.stack,
      colours,
      scale: scaleFor(total.unit, largestOf([...usage.stack.totals, ...(earlier ?? [])])),
      earlier,
    };
  }, [usage, colours, total.unit]);
  const { step, period } = usage.span;
  const subject = `${resourceLabel(total.resource)} by ${step}, ${periodLabel(period)}`;
  return (
    <>
      <div class="chart-and-table">
        <figure>
          <figcaption>
            {picture.scale.unit} per {step} <CoverageKey coverages={usage.stack.coverages} />
            {earlier !== undefined && <EarlierKey />}
          </figcaption>
          <UsageChart
            picture={picture}
            label={`Chart: ${subject}. Its numbers are in the tables that follow.`}
          />
          <CoverageSummary coverages={usage.stack.coverages} step={step} />
          <EarlierNote earlier={usage.earlier} />
        </figure>
        <TopTable
          usage={usage}
          resource={total.resource}
          unit={total.unit}
          scale={scaleFor(total.unit, total.amount)}
          colours={colours}
        />
      </div>
      <div class="card-foot">
        <UsageByBucket usage={usage} total={total} picture={picture} subject={subject} />
        <DownloadLink
          address={usageAddress(
            {
              ...boundsOf(usage.span),
              step,
              by: ['site', 'project', 'resource'],
              resource: total.resource,
            },
            'csv',
          )}
          name={fileName('usage', total.resource, period)}
        />
      </div>
    </>
  );
}

function UsageByBucket(props: {
  usage: OverviewUsage;
  total: ResourceTotal;
  picture: Picture;
  subject: string;
}) {
  const { usage, total, picture, subject } = props;
  const [page, setPage] = useState(1);
  const { starts, coverages, totals } = usage.stack;
  return (
    <details>
      <summary>Numbers by {usage.span.step}</summary>
      <BucketTable
        caption={subject}
        span={usage.span}
        starts={starts}
        coverages={coverages}
        columns={[
          {
            key: '',
            label: resourceLabel(total.resource),
            unit: total.unit,
            scale: picture.scale,
            values: totals,
          },
        ]}
        page={page}
        onPage={setPage}
      />
    </details>
  );
}

/** Colours that stay the same from one answer to the next. */
function useColours(usage: OverviewUsage): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    const keys = usage.stack.layers.map(({ key }) => key);
    return (before.current = assignColours(before.current, keys));
  }, [usage]);
}

import { useMemo, useState } from 'preact/hooks';
import { Swatch } from '../../charts/swatch.tsx';
import { UsageChart } from '../../charts/usage-chart.tsx';
import { CoverageKey } from '../../controls/coverage-key.tsx';
import { usageAddress } from '../../api.ts';
import { DownloadLink } from '../../controls/download-link.tsx';
import { share } from '../../format.ts';
import { boundsOf, fileName, periodLabel, type Span } from '../../period.ts';
import { stateLabel, stateMeaning, UNKNOWN_STATE } from '../../server-states.ts';
import { BucketTable } from '../../tables/bucket-table.tsx';
import { largestOf } from '../../tables/project-usage.ts';
import { scaleFor } from '../../units.ts';
import type { ServerHours } from '../data/server-data.ts';
import { FlavorTable } from './flavor-table.tsx';

interface ProjectServersProps {
  servers: ServerHours;
  span: Span;
  /** The project, for the CSV file. */
  project: { site: string; projectId: string };
}

/** How long servers of each flavor were in each state. */
export function ProjectServers({ servers, span, project }: ProjectServersProps) {
  const { step, period } = span;
  const picture = useMemo(() => {
    const { stack, colours, unit } = servers;
    return { span, stack, colours, scale: scaleFor(unit, largestOf(stack.totals)) };
  }, [servers, span]);
  return (
    <section class="card" aria-labelledby="servers-heading">
      <div class="card-head">
        <h2 id="servers-heading">
          Servers by flavor and state{' '}
          <span class="heading-detail">server-hours of {periodLabel(period)}</span>
        </h2>
        <DownloadLink
          address={usageAddress({ ...project, ...boundsOf(span), step, by: ['flavor', 'state'] }, 'csv')}
          name={fileName('servers', project.projectId, period)}
        />
      </div>
      <figure>
        <figcaption>
          {picture.scale.unit} per {step} <CoverageKey coverages={servers.stack.coverages} />
        </figcaption>
        <UsageChart
          picture={picture}
          label={`Chart: server hours by state and ${step}. Its numbers are in the tables that follow.`}
        />
      </figure>
      <StateKey servers={servers} />
      <FlavorTable
        servers={servers}
        caption={`Servers by flavor and state, server-hours of ${periodLabel(period)}`}
      />
      <UnknownFacts servers={servers} />
      <div class="card-foot stacked">
        <StateMeanings states={servers.states} />
        <StatesByBucket servers={servers} span={span} />
      </div>
    </section>
  );
}

/** The key to the colours of the chart. */
function StateKey({ servers: { states, colours } }: { servers: ServerHours }) {
  return (
    <ul class="key" aria-label="States in the chart">
      {states.map((state) => (
        <li key={state} title={stateMeaning(state)}>
          <Swatch colour={colours.get(state)} /> {stateLabel(state)}
        </li>
      ))}
    </ul>
  );
}

/** Says what is not known; empty if all is known. */
function UnknownFacts({ servers: { totals, total, flavors } }: { servers: ServerHours }) {
  const unknown = totals.get(UNKNOWN_STATE) ?? 0;
  const sentences = [
    unknown > 0
      ? `The state is unknown for ${share(unknown, total)} of the server hours: Nova’s record did not tell it.`
      : '',
    flavors.some(({ flavor }) => flavor.name === null)
      ? 'The names of some flavors are not known, only their sizes.'
      : '',
    flavors.some(({ flavor }) => flavor.gpus === null)
      ? 'The GPUs of some flavors are not known: the site could not read them.'
      : '',
  ].filter((sentence) => sentence !== '');
  return sentences.length === 0 ? null : <p class="coverage-summary">{sentences.join(' ')}</p>;
}

function StateMeanings({ states }: { states: readonly string[] }) {
  return (
    <details>
      <summary>What the states mean</summary>
      <dl class="identity">
        {states.map((state) => [
          <dt key={state}>{stateLabel(state)}</dt>,
          <dd key={`${state} meaning`}>
            {stateMeaning(state) ?? 'A state of Nova. Its documentation explains it.'}
          </dd>,
        ])}
      </dl>
    </details>
  );
}

/** The numbers of the chart. */
function StatesByBucket({ servers, span }: Pick<ProjectServersProps, 'servers' | 'span'>) {
  const [page, setPage] = useState(1);
  const { starts, layers, totals, coverages } = servers.stack;
  const scale = scaleFor(servers.unit, largestOf(totals));
  const columns = layers.map(({ key, label, values }) => ({ key, label, values, unit: servers.unit, scale }));
  return (
    <details>
      <summary>Numbers by {span.step}</summary>
      <BucketTable
        caption={`Server hours by state and ${span.step}, ${periodLabel(span.period)}`}
        span={span}
        starts={starts}
        coverages={coverages}
        columns={columns}
        page={page}
        onPage={setPage}
      />
    </details>
  );
}

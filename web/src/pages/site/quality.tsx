import { useContext } from 'preact/hooks';
import { Age } from '../../controls/age.tsx';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { bucketCoverage, coverageOfWhole } from '../../coverage.ts';
import { count, duration, SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { useNow } from '../../live/use-now.ts';
import { routeAddress } from '../../routing.ts';
import { countedUpTo, inOrderOfConcern, siteState } from '../../site-state.ts';
import { StateBadge } from '../../tables/state-badge.tsx';
import { loadQuality, type SiteQuality } from '../data/quality-data.ts';
import { CHANGES_DAYS } from '../data/site-data.ts';
import { ChangeLists } from './changes.tsx';
import { PageTitle } from '../usage/page-title.tsx';
import { Instant, RecordTable } from '../usage/record-list.tsx';
import { nextStep, stateSince } from './site-words.ts';

/** All sites: which one is not all right, since when, and what to do. */
export function QualityPage() {
  const api = useContext(ApiContext);
  const loaded = useLive('quality', 15 * SECOND_MS, (signal) => loadQuality(api, signal));
  return (
    <>
      <PageTitle title="Data quality" />
      <ConnectionNotice states={[loaded]} />
      {loaded.data === undefined ? (
        <Waiting what="the sites" error={loaded.error} class="card" />
      ) : (
        <>
          <section class="card" aria-labelledby="sites-heading">
            <h2 id="sites-heading">Sites</h2>
            {loaded.data.sites.length === 0 ? (
              <p class="waiting">There are no sites.</p>
            ) : (
              <QualityTable sites={loaded.data.sites} />
            )}
          </section>
          <ChangeLists changes={loaded.data.changes} />
        </>
      )}
    </>
  );
}

function QualityTable({ sites }: { sites: readonly SiteQuality[] }) {
  const nowMs = useNow(10 * SECOND_MS);
  const bySite = new Map(sites.map((one) => [one.site, one]));
  const ordered = inOrderOfConcern([...bySite.keys()], nowMs);
  return (
    <RecordTable
      caption="Sites, those with problems first"
      class="quality-table"
      rows={ordered.flatMap((site) => bySite.get(site) ?? [])}
      columns={[
        [
          'Site',
          ({ site: { name } }) => (
            <a href={routeAddress({ page: 'site', name })}>
              <Name text={name} />
            </a>
          ),
        ],
        ['State', (quality) => <StateWords quality={quality} nowMs={nowMs} />],
        ['Counted up to', ({ site }) => ageOf(countedUpTo(site))],
        [`Last ${CHANGES_DAYS} days`, coverageWords],
        ['Refused series', ({ site }) => countOf(site.refused_series), 'amount'],
        ['Anomalies', ({ site }) => countOf(site.anomalies), 'amount'],
      ]}
    />
  );
}

function StateWords({ quality: { site, runs }, nowMs }: { quality: SiteQuality; nowMs: number }) {
  const state = siteState(site, nowMs);
  const since = stateSince(site, state, runs);
  return (
    <>
      <StateBadge state={state.name} />
      {since !== null && (
        <span class="under">
          since <Instant at={since} />
        </span>
      )}
      {state.reason !== null && (
        <p class="reason">
          <Name text={state.reason} />
        </p>
      )}
      <p class="next-step">{nextStep(state)}</p>
    </>
  );
}

function ageOf(at: string | null) {
  return at === null ? 'never' : <Age at={at} />;
}

/** A dash for somebody who sees only grants of the site. */
function countOf(number: number | null): string {
  return number === null ? '–' : count(number);
}

function coverageWords({ coverage }: SiteQuality): string {
  if (coverage === undefined) return 'not read yet';
  const spread = coverage.spread_seconds > 0 ? ` (${duration(coverage.spread_seconds * SECOND_MS)})` : '';
  return `${coverageOfWhole(bucketCoverage(coverage))}${spread}`;
}

import { useContext } from 'preact/hooks';
import type { SiteRow } from '../../api.ts';
import { Announcement } from '../../controls/announcement.tsx';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Figures, type Figure } from '../../controls/figures.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { SiteTable } from '../../tables/site-table.tsx';
import { count, SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import type { LiveState } from '../../live/live-query.ts';
import { useLive } from '../../live/use-live.ts';
import { periodKey, periodLabel } from '../../period.ts';
import type { OverviewRoute } from '../../routing.ts';
import { siteState } from '../../site-state.ts';
import { usePageTitle } from '../../use-page-title.ts';
import { loadOverviewUsage, type OverviewUsage } from '../data/overview-data.ts';
import { NoSites } from '../usage/overview-empty.tsx';
import { resourceFigures } from '../usage/resource-figures.ts';
import { OverviewGrants } from './overview-grants.tsx';
import { OverviewProjects, useProjectPage } from './overview-projects.tsx';
import { OverviewUsageSection } from './overview-usage.tsx';
import { Tour, useTourSeen } from './tour.tsx';

export function OverviewPage({ route }: { route: OverviewRoute }) {
  usePageTitle('Overview');
  const api = useContext(ApiContext);
  const tourSeen = useTourSeen();
  const sites = useLive('sites', 5 * SECOND_MS, (signal) => api.sites(signal));
  const projects = useProjectPage(route);
  const usage = useLive(`${periodKey(route.period)} ${route.resource ?? ''}`, 10 * SECOND_MS, (signal) =>
    loadOverviewUsage(api, route.period, route.resource, signal),
  );
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <ConnectionNotice states={[sites, projects, usage]} />
      <Announcement pending={usage.pending} words={`Usage of ${periodLabel(route.period)}`} />
      {sites.data?.length === 0 ? (
        <NoSites />
      ) : (
        <>
          {!tourSeen && <Tour seen={false} />}
          {sites.data !== undefined && (
            <Figures label="Summary" figures={figures(sites.data, usage.data, api.nowMs())} />
          )}
          <OverviewUsageSection route={route} usage={usage} />
          <OverviewGrants period={route.period} />
          <SitesSection sites={sites} />
          <OverviewProjects route={route} projects={projects} />
          {tourSeen && <Tour seen />}
        </>
      )}
    </>
  );
}

function SitesSection({ sites: { data, error } }: { sites: LiveState<readonly SiteRow[]> }) {
  return (
    <section class="card" aria-labelledby="sites-heading">
      <h2 id="sites-heading">Sites</h2>
      {data === undefined ? <Waiting what="the sites" error={error} /> : <SiteTable sites={data} />}
    </section>
  );
}

function figures(sites: readonly SiteRow[], usage: OverviewUsage | undefined, nowMs: number): Figure[] {
  const present = sites.filter(({ declared }) => declared);
  const reporting = present.filter((site) => siteState(site, nowMs).name === 'reporting').length;
  const sum = (of: (site: SiteRow) => number) => count(sites.reduce((total, site) => total + of(site), 0));
  return [
    { label: 'Sites reporting', value: count(reporting), detail: `of ${count(present.length)}` },
    { label: 'Projects', value: sum((site) => site.projects) },
    { label: 'Meters', value: sum((site) => site.meters) },
    ...(usage === undefined ? [] : usageFigures(usage)),
  ];
}

const RESOURCES_AT_A_GLANCE = 2;

function usageFigures({ resources, span, earlier }: OverviewUsage): Figure[] {
  const sums = resources.map(({ amount, ...resource }) => ({ ...resource, total: amount }));
  return resourceFigures(sums.slice(0, RESOURCES_AT_A_GLANCE), span, earlier);
}

import { useContext } from 'preact/hooks';
import type { SiteRow } from '../../api.ts';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Figures, type Figure } from '../../controls/figures.tsx';
import { SiteTable } from '../../tables/site-table.tsx';
import { count, MINUTE_MS, SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import type { OverviewRoute } from '../../routing.ts';
import { siteState } from '../../site-state.ts';
import { usePageTitle } from '../../use-page-title.ts';
import { loadOverviewUsage, type OverviewUsage } from '../data/overview-data.ts';
import { NoSites } from '../usage/overview-empty.tsx';
import { resourceFigures } from '../usage/resource-figures.ts';
import { OverviewGrants } from './overview-grants.tsx';
import { OverviewProjects } from './overview-projects.tsx';
import { OverviewUsageSection } from './overview-usage.tsx';

export function OverviewPage({ route }: { route: OverviewRoute }) {
  usePageTitle('Overview');
  const api = useContext(ApiContext);
  const sites = useLive('sites', 5 * SECOND_MS, (signal) => api.sites(signal));
  const projects = useLive('projects', MINUTE_MS, (signal) => api.projects({}, signal));
  const usage = useLive(`${route.period} ${route.resource ?? ''}`, 10 * SECOND_MS, (signal) =>
    loadOverviewUsage(api, route.period, route.resource, signal),
  );
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <ConnectionNotice states={[sites, projects, usage]} />
      {sites.data?.length === 0 ? (
        <NoSites />
      ) : (
        <>
          {sites.data !== undefined && (
            <Figures label="Summary" figures={figures(sites.data, usage.data, api.nowMs())} />
          )}
          <OverviewUsageSection route={route} usage={usage} />
          <OverviewGrants period={route.period} />
          <SitesSection sites={sites.data} failed={sites.error !== undefined} />
          <OverviewProjects route={route} projects={projects.data} usage={usage} />
        </>
      )}
    </>
  );
}

function SitesSection({ sites, failed }: { sites: readonly SiteRow[] | undefined; failed: boolean }) {
  return (
    <section class="card" aria-labelledby="sites-heading" aria-busy={sites === undefined && !failed}>
      <h2 id="sites-heading">Sites</h2>
      {sites === undefined ? (
        <p class="waiting">{failed ? 'Not available.' : 'Reading the sites…'}</p>
      ) : (
        <SiteTable sites={sites} />
      )}
    </section>
  );
}

function figures(sites: readonly SiteRow[], usage: OverviewUsage | undefined, nowMs: number): Figure[] {
  const reporting = sites.filter((site) => siteState(site, nowMs).name === 'reporting').length;
  const sum = (of: (site: SiteRow) => number) => count(sites.reduce((total, site) => total + of(site), 0));
  return [
    { label: 'Sites reporting', value: count(reporting), detail: `of ${count(sites.length)}` },
    { label: 'Projects', value: sum((site) => site.projects) },
    { label: 'Meters', value: sum((site) => site.meters) },
    ...(usage === undefined ? [] : usageFigures(usage)),
  ];
}

const RESOURCES_AT_A_GLANCE = 2;

function usageFigures({ resources, span }: OverviewUsage): Figure[] {
  const sums = resources.map(({ amount, ...resource }) => ({ ...resource, total: amount }));
  return resourceFigures(sums.slice(0, RESOURCES_AT_A_GLANCE), span);
}

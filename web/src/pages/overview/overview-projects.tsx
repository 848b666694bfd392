import { useMemo } from 'preact/hooks';
import type { ProjectRow } from '../../api.ts';
import { Pager } from '../../tables/pager.tsx';
import { ProjectTable } from '../../tables/project-table.tsx';
import { plural } from '../../format.ts';
import type { LiveState } from '../../live/live-query.ts';
import { periodLabel } from '../../period.ts';
import type { OverviewRoute } from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';
import type { OverviewUsage } from '../data/overview-data.ts';
import { largestByResource } from '../../tables/project-usage.ts';
import { pageOf, projectLines, searchLines, SORT_BY_NAME, sortLines } from '../../tables/project-list.ts';

const PAGE_SIZE = 25;

interface OverviewProjectsProps {
  route: OverviewRoute;
  projects: readonly ProjectRow[] | undefined;
  usage: LiveState<OverviewUsage>;
}

/** A searchable and sortable table of all projects with their usage. */
export function OverviewProjects({ route, projects, usage }: OverviewProjectsProps) {
  const known = usage.data;
  const lines = useMemo(() => projectLines(projects ?? [], known?.projects ?? []), [projects, known]);
  const largest = useMemo(() => largestByResource(known?.projects ?? []), [known]);
  const sort = route.sort ?? known?.resource ?? SORT_BY_NAME;
  const found = useMemo(() => sortLines(searchLines(lines, route.search), sort), [lines, route.search, sort]);
  const shown = pageOf(found, route.tablePage, PAGE_SIZE);
  // Waits for the usage, because the order of the lines would change when it arrives.
  const loading = known === undefined && (usage.error === undefined || projects === undefined);
  return (
    <section class="card" aria-labelledby="projects-heading" aria-busy={loading && usage.error === undefined}>
      <div class="card-head">
        <h2 id="projects-heading">
          Projects{' '}
          {known !== undefined && (
            <span class="heading-detail">usage of the last {periodLabel(known.span.period)}</span>
          )}
        </h2>
        <ProjectSearch route={route} />
      </div>
      {loading || shown.items.length === 0 ? (
        <p class="waiting">{whyEmpty(loading, usage.error !== undefined, route.search)}</p>
      ) : (
        <div class={usage.pending && known !== undefined ? 'outdated' : undefined}>
          <ProjectTable
            caption={`Projects and their usage of the last ${periodLabel(known?.span.period ?? route.period)}`}
            lines={shown.items}
            resources={known?.resources ?? []}
            resource={
              known?.resources.some(({ resource }) => resource === sort) === true ? sort : known?.resource
            }
            largest={largest}
            sort={sort}
            period={route.period}
            onSort={(wanted) => replaceRoute({ ...route, sort: wanted, tablePage: 1 })}
          />
        </div>
      )}
      <p role="status" class="visually-hidden">
        {route.search !== '' && !loading ? `${plural(found.length, 'project')} found` : ''}
      </p>
      <Pager
        noun="projects"
        shown={shown}
        onPage={(wanted) => replaceRoute({ ...route, tablePage: wanted })}
      />
    </section>
  );
}

function ProjectSearch({ route }: { route: OverviewRoute }) {
  return (
    <label class="search">
      <span>Search projects</span>
      <input
        type="search"
        dir="auto"
        value={route.search}
        placeholder="Name, id, domain or site"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => replaceRoute({ ...route, search: event.currentTarget.value, tablePage: 1 })}
      />
    </label>
  );
}

function whyEmpty(loading: boolean, failed: boolean, search: string): string {
  if (loading) return failed ? 'Not available.' : 'Reading the projects…';
  return search === ''
    ? 'No projects yet. They appear with the first reading of a site.'
    : 'No project matches the search.';
}

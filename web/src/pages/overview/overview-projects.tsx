import { useContext } from 'preact/hooks';
import { Announcement } from '../../controls/announcement.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { Pager } from '../../tables/pager.tsx';
import { ProjectTable } from '../../tables/project-table.tsx';
import { plural, SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import type { LiveState } from '../../live/live-query.ts';
import { useLive } from '../../live/use-live.ts';
import { useRested } from '../../live/use-rested.ts';
import { periodKey, periodLabel } from '../../period.ts';
import type { OverviewRoute } from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';
import { loadProjectPage, type ProjectPage } from '../data/project-page.ts';

const PAGE_SIZE = 25;

/** Searching and sorting need no newer sums: the chart beside the table asks for them every few seconds. */
const MAX_AGE = 60;

/** Long enough for a key that is held down, and too short to be noticed. */
const REST_MS = 40;

/** One page of the projects that the address asks for. */
export function useProjectPage(route: OverviewRoute): LiveState<ProjectPage> {
  const api = useContext(ApiContext);
  const { period, resource, sort = resource, tablePage } = route;
  const search = useRested(route.search, REST_MS);
  // The first page of a new search, and not this page of the one before.
  const page = search === route.search ? tablePage : 1;
  const live = useLive(JSON.stringify([periodKey(period), sort, page, search]), 10 * SECOND_MS, (signal) =>
    loadProjectPage(api, period, { search, sort, page, size: PAGE_SIZE, maxAge: MAX_AGE }, signal),
  );
  return { ...live, pending: live.pending || search !== route.search };
}

interface OverviewProjectsProps {
  route: OverviewRoute;
  projects: LiveState<ProjectPage>;
}

/** A table of all projects with their usage, which the portal searches and sorts. */
export function OverviewProjects({ route, projects }: OverviewProjectsProps) {
  const { data, error, pending } = projects;
  return (
    <section
      class="card"
      aria-labelledby="projects-heading"
      aria-busy={data === undefined && error === undefined}
    >
      <div class="card-head">
        <h2 id="projects-heading">
          Projects{' '}
          {data !== undefined && <span class="heading-detail">usage of {periodLabel(data.span.period)}</span>}
        </h2>
        <ProjectSearch route={route} />
      </div>
      {data === undefined && <Waiting what="the projects" error={error} />}
      {data?.shown.all === 0 && <p class="waiting">{whyEmpty(route.search)}</p>}
      {data !== undefined && data.shown.all > 0 && (
        <div class={pending ? 'outdated' : undefined}>
          <PageOfProjects route={route} page={data} />
        </div>
      )}
      <Announcement
        pending={pending || route.search === ''}
        words={`${plural(data?.shown.all ?? 0, 'project')} found`}
      />
      {data !== undefined && (
        <Pager
          noun="projects"
          shown={{ ...data.shown, page: Math.min(route.tablePage, data.shown.pages) }}
          onPage={(wanted) => replaceRoute({ ...route, tablePage: wanted })}
        />
      )}
    </section>
  );
}

function PageOfProjects({ route, page }: { route: OverviewRoute; page: ProjectPage }) {
  const { shown, resources, sort, span } = page;
  const [first] = resources;
  return (
    <ProjectTable
      caption={`Projects and their usage of ${periodLabel(span.period)}`}
      lines={shown.items}
      resources={resources}
      resource={
        resources.some(({ resource }) => resource === sort) ? sort : (route.resource ?? first?.resource)
      }
      largest={new Map(resources.map(({ resource, largest }) => [resource, largest]))}
      sort={sort}
      period={route.period}
      onSort={(wanted) => replaceRoute({ ...route, sort: wanted, tablePage: 1 })}
    />
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

function whyEmpty(search: string): string {
  return search === ''
    ? 'No projects yet. They appear with the first reading of a site.'
    : 'No project matches the search.';
}

import { useContext } from 'preact/hooks';
import { Figures } from '../../controls/figures.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import type { LiveState } from '../../live/live-query.ts';
import { useLive } from '../../live/use-live.ts';
import { visibleName } from '../../names.ts';
import { boundsOf, periodKey, periodLabel, stepFor } from '../../period.ts';
import type { ProjectRoute } from '../../routing.ts';
import { usePageTitle } from '../../use-page-title.ts';
import { replaceRoute } from '../../use-route.ts';
import { loadProject, type ProjectPageData } from '../data/project-data.ts';
import { ProjectCorrections } from './project-corrections.tsx';
import { ProjectGrants } from './project-grants.tsx';
import { ProjectIdentity } from './project-identity.tsx';
import { ProjectServers } from './project-servers.tsx';
import { Charges } from '../usage/charges.tsx';
import { EarlierNote } from '../usage/earlier-note.tsx';
import { PageHead } from '../usage/page-head.tsx';
import { ResourceCharts } from '../usage/resource-charts.tsx';
import { resourceFigures } from '../usage/resource-figures.ts';
import { UsageNumbers } from '../usage/usage-numbers.tsx';

export function ProjectPage({ route }: { route: ProjectRoute }) {
  const api = useContext(ApiContext);
  const step = stepFor(route.period, route.step, api.nowMs());
  const project = useLive(
    `${route.site}\n${route.projectId}\n${periodKey(route.period)}\n${step}`,
    10 * SECOND_MS,
    (signal) => loadProject(api, route, route.period, step, signal),
  );
  const name = project.data?.identity[0]?.project_name;
  usePageTitle(visibleName(name ?? route.projectId));
  return (
    <>
      <PageHead
        route={route}
        step={step}
        place={<Name text={route.site} />}
        title={name ?? route.projectId}
        state={project}
      />
      <ProjectContent route={route} project={project} />
    </>
  );
}

interface ContentProps {
  route: ProjectRoute;
  project: LiveState<ProjectPageData>;
}

function ProjectContent({ route, project }: ContentProps) {
  const { data } = project;
  if (data === undefined) return <Waiting what="the project" error={project.error} class="card" />;
  if (data.identity.length === 0 && data.resources.length === 0) return <NoSuchProject route={route} />;
  return (
    <div class={project.pending ? 'outdated' : undefined} aria-busy={project.pending}>
      <Figures
        label={`Usage of ${periodLabel(data.span.period)}`}
        figures={resourceFigures(data.resources, data.span, data.earlier)}
      />
      <EarlierNote earlier={data.earlier} />
      <Charges
        question={{ ...boundsOf(data.span), site: route.site, projectId: route.projectId }}
        period={route.period}
      />
      <ResourceCharts data={data} corrections={data.corrections.rows} />
      {data.servers !== undefined && (
        <ProjectServers
          servers={data.servers}
          span={data.span}
          project={{ site: route.site, projectId: route.projectId }}
        />
      )}
      <UsageNumbers
        data={data}
        corrections={data.corrections.rows}
        question={{ by: ['site', 'project', 'resource'], site: route.site, projectId: route.projectId }}
        subject={route.projectId}
        page={route.tablePage}
        onPage={(tablePage) => replaceRoute({ ...route, tablePage })}
      />
      <ProjectCorrections corrections={data.corrections} zone={route.period.zone} />
      <ProjectGrants route={route} />
      <ProjectIdentity route={route} rows={data.identity} />
    </div>
  );
}

function NoSuchProject({ route }: { route: ProjectRoute }) {
  return (
    <section class="card empty">
      <h2>This project is not known</h2>
      <p>
        The ledger has no project <code>{route.projectId}</code> at the site <Name text={route.site} />. A
        project appears with the site’s first reading of it.
      </p>
    </section>
  );
}

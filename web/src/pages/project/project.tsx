import { useContext } from 'preact/hooks';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Figures } from '../../controls/figures.tsx';
import { Name } from '../../controls/name.tsx';
import { PeriodControls } from '../../controls/period-controls.tsx';
import { SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import type { LiveState } from '../../live/live-query.ts';
import { useLive } from '../../live/use-live.ts';
import { visibleName } from '../../names.ts';
import { periodLabel, usualStep, type BucketStep } from '../../period.ts';
import { OVERVIEW, routeAddress, type ProjectRoute } from '../../routing.ts';
import { usePageTitle } from '../../use-page-title.ts';
import { replaceRoute } from '../../use-route.ts';
import { loadProject, type ProjectPageData } from '../data/project-data.ts';
import { ProjectIdentity } from './project-identity.tsx';
import { ProjectServers } from './project-servers.tsx';
import { ResourceCharts } from '../usage/resource-charts.tsx';
import { resourceFigures } from '../usage/resource-figures.ts';
import { UsageNumbers } from '../usage/usage-numbers.tsx';

export function ProjectPage({ route }: { route: ProjectRoute }) {
  const api = useContext(ApiContext);
  const step = route.step ?? usualStep(route.period);
  const project = useLive(
    `${route.site}\n${route.projectId}\n${route.period}\n${step}`,
    10 * SECOND_MS,
    (signal) => loadProject(api, route, route.period, step, signal),
  );
  const name = project.data?.identity[0]?.project_name;
  usePageTitle(visibleName(name ?? route.projectId));
  return (
    <>
      <nav aria-label="Where you are" class="breadcrumb">
        <a href={routeAddress({ ...OVERVIEW, period: route.period })}>Overview</a>{' '}
        <span aria-hidden="true">/</span>{' '}
        <span>
          <Name text={route.site} />
        </span>
      </nav>
      <div class="page-head">
        <h1>
          <Name text={name ?? route.projectId} />
        </h1>
        <ProjectControls route={route} step={step} />
      </div>
      <ConnectionNotice states={[project]} />
      <ProjectContent route={route} project={project} nowMs={api.nowMs()} />
    </>
  );
}

function ProjectControls({ route, step }: { route: ProjectRoute; step: BucketStep }) {
  return (
    <PeriodControls
      period={route.period}
      step={step}
      onPeriod={(period) => replaceRoute({ ...withoutStep(route), period, tablePage: 1 })}
      onStep={(wanted) => replaceRoute({ ...route, step: wanted, tablePage: 1 })}
    />
  );
}

/** The step is dropped when the period changes, because each period has its own usual step. */
function withoutStep({ page, site, projectId, period, tablePage }: ProjectRoute): ProjectRoute {
  return { page, site, projectId, period, tablePage };
}

interface ContentProps {
  route: ProjectRoute;
  project: LiveState<ProjectPageData>;
  nowMs: number;
}

function ProjectContent({ route, project, nowMs }: ContentProps) {
  const { data } = project;
  if (data === undefined)
    return (
      <p class="card waiting">{project.error === undefined ? 'Reading the project…' : 'Not available.'}</p>
    );
  if (data.identity.length === 0 && data.resources.length === 0) return <NoSuchProject route={route} />;
  return (
    <div class={project.pending ? 'outdated' : undefined} aria-busy={project.pending}>
      <Figures label={`Usage of the last ${periodLabel(data.span.period)}`} figures={resourceFigures(data)} />
      <ResourceCharts data={data} />
      {data.servers !== undefined && (
        <ProjectServers
          servers={data.servers}
          span={data.span}
          project={{ site: route.site, projectId: route.projectId }}
          nowMs={nowMs}
        />
      )}
      <UsageNumbers
        data={data}
        question={{ by: ['site', 'project', 'resource'], site: route.site, projectId: route.projectId }}
        subject={route.projectId}
        nowMs={nowMs}
        page={route.tablePage}
        onPage={(tablePage) => replaceRoute({ ...route, tablePage })}
      />
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

import type { Api } from '../../api.ts';
import { stackOf, type Stack } from '../../charts/stack.ts';
import { COLOURS } from '../../charts/colours.ts';
import { coverageByStart } from '../../coverage.ts';
import { projectKey } from '../../names.ts';
import { boundsOf, type Period, type Span } from '../../period.ts';
import { SORT_BY_NAME, type ProjectLine } from '../../tables/project-list.ts';
import type { ProjectStack, ResourceTotal } from '../../tables/project-usage.ts';
import { grouped } from './grouped.ts';
import { loadProjectPage } from './project-page.ts';
import { loadEarlier, type ResourcesOverTime } from './resources-over-time.ts';

/** The usage over time on the overview. */
export interface OverviewUsage extends ProjectStack {
  span: Span;
  /** Every resource with usage, in the order of the pages. */
  resources: ResourceTotal[];
  /** The resource of the stack; undefined if there is no usage. */
  resource: string | undefined;
  earlier: ResourcesOverTime | undefined;
}

/** The sums may be older than the page asks again: another reader has just asked for them. */
const MAX_AGE = 5;

export async function loadOverviewUsage(
  api: Api,
  period: Period,
  wantedResource: string | undefined,
  signal: AbortSignal,
): Promise<OverviewUsage> {
  const largest = { search: '', sort: wantedResource, page: 1, size: COLOURS, maxAge: MAX_AGE };
  const { span, resources, sort, shown } = await loadProjectPage(api, period, largest, signal);
  const resource = sort === SORT_BY_NAME ? undefined : sort;
  const projects = shown.items.filter(({ amounts }) => (amounts.get(sort)?.amount ?? 0) > 0);
  const [stack, earlier] = await Promise.all([
    loadStack(api, span, resource, projects, signal),
    loadEarlier(api, span, {}, signal),
  ]);
  return { span, resources, resource, projects, stack, earlier };
}

/** The total over time, and the usage of the largest projects. There may be thousands of projects. */
async function loadStack(
  api: Api,
  span: Span,
  resource: string | undefined,
  projects: readonly ProjectLine[],
  signal: AbortSignal,
): Promise<Stack> {
  const { starts } = span;
  if (resource === undefined) return stackOf(starts, [], [], coverageByStart([]));
  const question = { ...boundsOf(span), step: span.step, resource };
  const projectId = projects.map((project) => project.projectId);
  const [total, known, ofProjects] = await Promise.all([
    api.usage({ ...question, by: ['resource'] }, signal),
    api.coverage({ ...boundsOf(span), step: span.step }, signal),
    projectId.length === 0
      ? []
      : api.usage({ ...question, by: ['site', 'project', 'resource'], projectId }, signal),
  ]);
  const rows = grouped(ofProjects, ({ site = '', project_id = '' }) => projectKey(site, project_id));
  const layers = projects.map(({ key, projectName }) => ({
    key,
    label: projectName,
    rows: rows.get(key) ?? [],
  }));
  return stackOf(starts, total, layers, coverageByStart(known));
}

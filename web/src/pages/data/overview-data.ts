import type { Api } from '../../api.ts';
import { stackOf, type Stack } from '../../charts/stack.ts';
import { COLOURS } from '../../charts/colours.ts';
import { coverageByStart } from '../../coverage.ts';
import { bucketStarts, spanUpTo, usualStep, type PeriodName, type Span } from '../../period.ts';
import { chooseResource, withoutServerHours } from '../../resources.ts';
import {
  projectUsages,
  resourceTotals,
  topProjects,
  type ProjectStack,
  type ProjectUsage,
  type ResourceTotal,
} from '../../tables/project-usage.ts';

/** All usage on the overview. It is loaded together, so that its parts agree. */
export interface OverviewUsage extends ProjectStack {
  span: Span;
  /** Every resource with usage, in the order of the pages. */
  resources: ResourceTotal[];
  /** The resource of the stack; undefined if there is no usage. */
  resource: string | undefined;
}

export async function loadOverviewUsage(
  api: Api,
  period: PeriodName,
  wantedResource: string | undefined,
  signal: AbortSignal,
): Promise<OverviewUsage> {
  // The portal's time is known after its first answer.
  await api.sites(signal);
  const span = spanUpTo(api.nowMs(), period, usualStep(period));
  const rows = withoutServerHours(
    await api.usage({ ...bounds(span), step: 'total', by: ['site', 'project', 'resource'] }, signal),
  );
  const resources = resourceTotals(rows);
  const projects = projectUsages(rows);
  const resource = chooseResource(
    wantedResource,
    resources.map(({ resource: name }) => name),
  );
  return {
    span,
    resources,
    projects,
    resource,
    stack: await loadStack(api, span, resource, projects, signal),
  };
}

/** The total over time, and the usage of the largest projects. There may be thousands of projects. */
async function loadStack(
  api: Api,
  span: Span,
  resource: string | undefined,
  projects: readonly ProjectUsage[],
  signal: AbortSignal,
): Promise<Stack> {
  const starts = bucketStarts(span);
  if (resource === undefined) return stackOf(starts, [], [], coverageByStart([]));
  const question = { ...bounds(span), step: span.step, resource };
  const layerOf = async ({ key, site, projectId, projectName }: ProjectUsage) => {
    const rows = await api.usage(
      { ...question, by: ['site', 'project', 'resource'], site, projectId },
      signal,
    );
    return { key, label: projectName, rows };
  };
  const [total, known, layers] = await Promise.all([
    api.usage({ ...question, by: ['resource'] }, signal),
    api.coverage({ ...bounds(span), step: span.step }, signal),
    Promise.all(topProjects(projects, resource, COLOURS).map(layerOf)),
  ]);
  return stackOf(starts, total, layers, coverageByStart(known));
}

function bounds({ fromMs, toMs }: Span) {
  return { fromMs, toMs };
}


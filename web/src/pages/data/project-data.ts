import type { Api, ProjectRow, UsageRow } from '../../api.ts';
import {
  coveragesAt,
  stackOf,
  type CoverageWithoutRow,
  type LayerRows,
  type Stack,
} from '../../charts/stack.ts';
import { coverageByStart, type BucketCoverage } from '../../coverage.ts';
import { bucketStarts, spanUpTo, type BucketStep, type PeriodName, type Span } from '../../period.ts';
import { compareResources, resourceLabel, SERVER_HOURS, withoutServerHours } from '../../resources.ts';
import { grouped } from './grouped.ts';
import { serverHours, type ServerHours } from './server-data.ts';

/** One resource of a project over time. */
export interface ResourceUsage {
  resource: string;
  unit: string;
  total: number;
  stack: Stack;
}

/** Usage of several resources over one span. */
export interface ResourcesOverTime {
  span: Span;
  resources: ResourceUsage[];
  /** The coverage of each hour or day, over all resources. */
  coverages: BucketCoverage[];
}

export interface ProjectPageData extends ResourcesOverTime {
  /** The project's names and times: one row for each cloud of the site that has the project. */
  identity: ProjectRow[];
  /** Undefined if the site sends no server hours of the project. */
  servers: ServerHours | undefined;
}

export async function loadProject(
  api: Api,
  { site, projectId }: { site: string; projectId: string },
  period: PeriodName,
  step: BucketStep,
  signal: AbortSignal,
): Promise<ProjectPageData> {
  const found = await api.projects({ site, search: projectId }, signal);
  const span = spanUpTo(api.nowMs(), period, step);
  const question = { fromMs: span.fromMs, toMs: span.toMs, step, site, projectId };
  const [all, known] = await Promise.all([
    api.usage({ ...question, by: ['resource'] }, signal),
    api.coverage(question, signal),
  ]);
  const rows = withoutServerHours(all);
  const starts = bucketStarts(span);
  const withoutRow = coverageByStart(known);
  const hasServerHours = all.some(({ resource }) => resource === SERVER_HOURS);
  const ofServers = hasServerHours ? await api.usage({ ...question, by: ['flavor', 'state'] }, signal) : [];
  return {
    span,
    identity: found.filter((row) => row.site === site && row.project_id === projectId),
    resources: resourceUsages(starts, rows, withoutRow),
    coverages: coveragesAt(starts, rows, withoutRow),
    servers: serverHours(starts, ofServers, withoutRow),
  };
}

/** A stack for each resource, with one layer or with the layers of `layersOf`. */
export function resourceUsages(
  starts: readonly number[],
  rows: readonly UsageRow[],
  withoutRow: CoverageWithoutRow,
  layersOf: (resource: string, rows: readonly UsageRow[]) => LayerRows[] = oneLayer,
): ResourceUsage[] {
  return [...grouped(rows, ({ resource = '' }) => resource)]
    .sort(([a], [b]) => compareResources(a, b))
    .map(([resource, ofResource]) => ({
      resource,
      unit: ofResource[0]?.unit ?? '',
      total: ofResource.reduce((sum, { amount }) => sum + amount, 0),
      stack: stackOf(starts, ofResource, layersOf(resource, ofResource), withoutRow),
    }));
}

function oneLayer(resource: string, rows: readonly UsageRow[]): LayerRows[] {
  return [{ key: resource, label: resourceLabel(resource), rows }];
}

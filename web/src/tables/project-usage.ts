import type { Coverage, UsageRow } from '../api.ts';
import { OTHER_KEY, type Stack } from '../charts/stack.ts';
import { worstCoverage, type BucketCoverage } from '../coverage.ts';
import { projectKey } from '../names.ts';
import { compareResources } from '../resources.ts';

/** The usage of one project over a period, by resource. */
export interface ProjectUsage {
  key: string;
  site: string;
  projectId: string;
  projectName: string;
  amounts: ReadonlyMap<string, Amount>;
}

export interface Amount {
  amount: number;
  coverage: BucketCoverage;
}

export interface ResourceTotal extends Amount {
  resource: string;
  unit: string;
}

export function resourceTotals(rows: readonly UsageRow[]): ResourceTotal[] {
  const totals = new Map<string, ResourceTotal>();
  for (const { resource = '', unit, amount, coverage } of rows) {
    const before = totals.get(resource);
    totals.set(resource, { resource, unit, ...added(before, amount, coverage) });
  }
  return [...totals.values()].sort((a, b) => compareResources(a.resource, b.resource));
}

export function projectUsages(rows: readonly UsageRow[]): ProjectUsage[] {
  const projects = new Map<string, ProjectUsage & { amounts: Map<string, Amount> }>();
  for (const { site = '', project_id = '', project_name = '', resource = '', amount, coverage } of rows) {
    const key = projectKey(site, project_id);
    const known = projects.get(key);
    const project = known ?? {
      key,
      site,
      projectId: project_id,
      projectName: project_name,
      amounts: new Map(),
    };
    project.amounts.set(resource, added(project.amounts.get(resource), amount, coverage));
    if (known === undefined) projects.set(key, project);
  }
  return [...projects.values()];
}

function added(before: Amount | undefined, amount: number, coverage: Coverage): Amount {
  return {
    amount: (before?.amount ?? 0) + amount,
    coverage: worstCoverage([before?.coverage ?? 'none', coverage]),
  };
}

/** A stack with a layer for each project, and the projects of these layers. */
export interface ProjectStack {
  projects: readonly Pick<ProjectUsage, 'key' | 'site' | 'projectId'>[];
  stack: Stack;
}

/** A row of the table beside the chart. */
export interface TopRow {
  key: string;
  label: string;
  site: string | undefined;
  projectId: string | undefined;
  amount: number;
}

/** The layers of a stack with their sums, "other" last. */
export function topRows({ stack, projects }: ProjectStack): TopRow[] {
  const byKey = new Map(projects.map((project) => [project.key, project]));
  return stack.layers.map(({ key, label, values }) => {
    const project = key === OTHER_KEY ? undefined : byKey.get(key);
    const amount = values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    return { key, label, site: project?.site, projectId: project?.projectId, amount };
  });
}

export function largestOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((largest, value) => Math.max(largest, value ?? 0), 0);
}

/** The largest amount of a project, by resource. */
export function largestByResource(projects: readonly Pick<ProjectUsage, 'amounts'>[]): Map<string, number> {
  const largest = new Map<string, number>();
  for (const { amounts } of projects)
    for (const [resource, { amount }] of amounts)
      largest.set(resource, Math.max(largest.get(resource) ?? 0, amount));
  return largest;
}

import { unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Coverage, ProjectUsage } from '../../../ledger/ledger.ts';

/** A project with its usage of a time. One id in several clouds of a site is one line, under its name in the first cloud. */
export interface ProjectLine extends Omit<ProjectUsage, 'usages'> {
  /** Amount × milliseconds by resource. */
  amounts: Map<string, bigint>;
  /** The worst of its usage; undefined without usage. */
  coverage: Coverage | undefined;
  /** The text that is searched, in lower case. */
  text: string;
}

/** The usage of all projects together. */
export interface ResourceSum {
  resource: string;
  unit: string;
  /** Amount × milliseconds. */
  amountMs: bigint;
  /** The largest amount of one project. */
  largestMs: bigint;
  coverage: Coverage;
}

export function* linesOf(projects: readonly ProjectUsage[]): Steps<ProjectLine[]> {
  const lines = new Map<string, ProjectLine>();
  yield* eachInSteps(projects, (project) => {
    const key = `${project.site}\n${project.projectId}`;
    let line = lines.get(key);
    if (line === undefined || project.cloud < line.cloud) lines.set(key, (line = lineOf(project, line)));
    for (const { resource, amountMs, coverage } of project.usages) {
      line.amounts.set(resource, (line.amounts.get(resource) ?? 0n) + amountMs);
      line.coverage = worse(line.coverage, coverage);
    }
  });
  return [...lines.values()];
}

function lineOf(
  { site, cloud, projectId, projectName, domainId, domainName }: ProjectUsage,
  had?: ProjectLine,
): ProjectLine {
  const text = `${projectName}\n${projectId}\n${domainName}\n${site}`.toLowerCase();
  return {
    site,
    cloud,
    projectId,
    projectName,
    domainId,
    domainName,
    amounts: had?.amounts ?? new Map(),
    coverage: had?.coverage,
    text,
  };
}

/** The sums of all resources, by name. */
export function* sumsOf(
  lines: readonly ProjectLine[],
  projects: readonly ProjectUsage[],
): Steps<ResourceSum[]> {
  const sums = new Map<string, ResourceSum>();
  yield* eachInSteps(projects, ({ usages }) => {
    for (const { resource, amountMs, coverage } of usages) {
      const sum = sums.get(resource);
      if (sum === undefined)
        sums.set(resource, { resource, unit: unitOfResource(resource), amountMs, largestMs: 0n, coverage });
      else {
        sum.amountMs += amountMs;
        sum.coverage = worse(sum.coverage, coverage);
      }
    }
  });
  yield* eachInSteps(lines, ({ amounts }) => {
    for (const [resource, amountMs] of amounts) {
      const sum = sums.get(resource);
      if (sum !== undefined && amountMs > sum.largestMs) sum.largestMs = amountMs;
    }
  });
  return [...sums.values()].toSorted((one, other) => (one.resource < other.resource ? -1 : 1));
}

const FROM_BEST_TO_WORST: readonly (Coverage | undefined)[] = [undefined, 'measured', 'spread', 'missing'];

function worse(one: Coverage | undefined, other: Coverage): Coverage {
  if (one === other) return other;
  return FROM_BEST_TO_WORST.indexOf(one) > FROM_BEST_TO_WORST.indexOf(other) ? (one ?? other) : other;
}

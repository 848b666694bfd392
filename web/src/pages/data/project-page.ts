import type { Api, ProjectUsageAnswer } from '../../api.ts';
import { projectKey } from '../../names.ts';
import { spanOf, usualStep, type Period, type Span } from '../../period.ts';
import { chooseResource, compareResources, USUAL_RESOURCE, withoutServerHours } from '../../resources.ts';
import { SORT_BY_NAME, type ListPage, type ProjectLine } from '../../tables/project-list.ts';
import type { ResourceTotal } from '../../tables/project-usage.ts';

/** The part of all projects that a page shows. */
export interface ProjectPart {
  search: string;
  /** A resource, or `name`. Undefined, or a resource without usage, means the first resource with usage. */
  sort: string | undefined;
  page: number;
  size: number;
  /** How many seconds the sums may be old. */
  maxAge: number;
}

/** One page of the projects, with the usage of all together. */
export interface ProjectPage {
  span: Span;
  /** Every resource with usage, in the order of the pages. */
  resources: (ResourceTotal & { largest: number })[];
  sort: string;
  shown: ListPage<ProjectLine>;
}

/** A page after the end becomes the last one. */
export async function loadProjectPage(
  api: Api,
  period: Period,
  part: ProjectPart,
  signal: AbortSignal,
): Promise<ProjectPage> {
  const span = spanOf(period, usualStep(period, api.nowMs()), api.nowMs());
  const ask = async (sort: string, page: number) => {
    const { search, size: limit, maxAge } = part;
    return await api.projectUsage(
      { fromMs: span.fromMs, toMs: span.toMs, search, sort, limit, offset: (page - 1) * limit, maxAge },
      signal,
    );
  };
  const wanted = part.sort ?? USUAL_RESOURCE;
  const first = await ask(wanted, part.page);
  const sort = sortOf(wanted, first);
  const page = Math.min(part.page, Math.max(1, Math.ceil(first.found / part.size)));
  const answer = sort === wanted && page === part.page ? first : await ask(sort, page);
  return { span, sort, resources: resourcesOf(answer), shown: shownOf(answer, page, part.size) };
}

function resourcesOf({ resources }: ProjectUsageAnswer): ProjectPage['resources'] {
  return withoutServerHours(resources).sort((a, b) => compareResources(a.resource, b.resource));
}

function sortOf(wanted: string, answer: ProjectUsageAnswer): string {
  if (wanted === SORT_BY_NAME) return wanted;
  const names = resourcesOf(answer).map(({ resource }) => resource);
  return chooseResource(wanted, names) ?? SORT_BY_NAME;
}

function shownOf({ data, found }: ProjectUsageAnswer, page: number, size: number): ListPage<ProjectLine> {
  const pages = Math.max(1, Math.ceil(found / size));
  return { page, pages, first: (page - 1) * size, items: data.map(lineOf), all: found };
}

function lineOf(row: ProjectUsageAnswer['data'][number]): ProjectLine {
  const { site, project_id: projectId, project_name: projectName, domain_name: domainName } = row;
  const amounts = Object.entries(row.amounts).map(
    ([resource, amount]) => [resource, { amount, coverage: row.coverage ?? 'none' }] as const,
  );
  return {
    key: projectKey(site, projectId),
    site,
    projectId,
    projectName,
    domainName,
    amounts: new Map(amounts),
  };
}

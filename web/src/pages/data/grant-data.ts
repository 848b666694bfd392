import { ApiError, type Api, type GrantDetail, type GrantRow, type UsageRow } from '../../api.ts';
import { COLOURS } from '../../charts/colours.ts';
import type { LayerRows } from '../../charts/stack.ts';
import { coveragesAt } from '../../charts/stack.ts';
import { coverageByStart } from '../../coverage.ts';
import { projectKey } from '../../names.ts';
import { boundsOf, spanOf, type BucketStep, type Period } from '../../period.ts';
import { withoutServerHours } from '../../resources.ts';
import { projectUsages } from '../../tables/project-usage.ts';
import { loadEarlier, resourceUsages, type ComparedResources } from './resources-over-time.ts';
import { projectLines, type ProjectLine } from '../../tables/project-list.ts';

/** The usage of a grant over time, with a layer for each site. */
export interface GrantPageData extends ComparedResources {
  grant: GrantDetail;
  /** The sites in the order of the layers. */
  sites: string[];
  projects: ProjectLine[];
}

/** The data of a grant's page; undefined if there is no such grant. */
export async function loadGrant(
  api: Api,
  name: string,
  period: Period,
  step: BucketStep,
  signal: AbortSignal,
): Promise<GrantPageData | undefined> {
  const grant = await api.grant(name, signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  });
  if (grant === undefined) return undefined;
  const span = spanOf(period, step, api.nowMs());
  const question = { ...boundsOf(span), grant: name };
  const sites = sitesOf(grant);
  const [all, totals, coverage, known, earlier] = await Promise.all([
    api.usage({ ...question, step, by: ['site', 'resource'] }, signal),
    api.usage({ ...question, step: 'total', by: ['site', 'project', 'resource'] }, signal),
    api.coverage({ ...question, step }, signal),
    api.projects({ grant: name }, signal),
    loadEarlier(api, span, { grant: name }, signal),
  ]);
  const rows = withoutServerHours(all);
  const { starts } = span;
  const withoutRow = coverageByStart(coverage);
  return {
    grant,
    span,
    sites,
    projects: projectLines([...known, ...neverRead(grant, known)], projectUsages(withoutServerHours(totals))),
    resources: resourceUsages(starts, rows, withoutRow, (_resource, list) => siteLayers(sites, list)),
    coverages: coveragesAt(starts, rows, withoutRow),
    earlier,
  };
}

export function sitesOf({ projects }: GrantRow): string[] {
  return [...new Set(projects.map(({ site }) => site))].sort();
}

/** Linked projects that no site has reported yet, with their ids as names. */
function neverRead({ projects }: GrantRow, known: readonly { site: string; project_id: string }[]) {
  const read = new Set(known.map(({ site, project_id }) => projectKey(site, project_id)));
  return projects
    .filter(({ site, project_id }) => !read.has(projectKey(site, project_id)))
    .map(({ site, project_id }) => ({
      site,
      project_id,
      project_name: project_id,
      domain_name: 'not read yet',
    }));
}

/** A layer for each site, up to the number of colours. */
function siteLayers(sites: readonly string[], rows: readonly UsageRow[]): LayerRows[] {
  return sites
    .slice(0, COLOURS)
    .map((site) => ({ key: site, label: site, rows: rows.filter((row) => row.site === site) }));
}

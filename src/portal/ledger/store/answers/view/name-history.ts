import { MS_PER_HOUR } from '../../../../../prometheus/usage-metrics.ts';
import { numberArray } from '../../../../database/columns.ts';
import { sql, type Queryable } from '../../../../database/sql.ts';
import { grouped, seesSite } from '../../../grant-links.ts';
import type { NameTime } from '../../../ledger.ts';
import { ALL_TIME, type View } from './view.ts';

/** The ids of a project in the database, and its site. */
interface ProjectPlace {
  site_id: number;
  project_id: number;
  site: string;
}

interface NameRecord extends Omit<ProjectPlace, 'site'> {
  project_name: string;
  domain_name: string;
  from_ms: string;
  to_ms: string;
}

/** A time in which one sees a project, in whole hours. The last hour of all time means no end. */
interface Window extends ProjectPlace {
  fromHour: number;
  toHour: number;
}

const END_MS = ALL_TIME.toHour * MS_PER_HOUR;

/**
 * Returns the names of projects over time, the first one first. A project that one sees in grants only has those of the time
 * in which one sees it.
 */
export async function loadNameHistories(
  database: Queryable,
  view: View,
  projects: readonly ProjectPlace[],
): Promise<(project: ProjectPlace) => NameTime[]> {
  const links = grouped(view.links, ({ siteId, projectKey }) => `${siteId} ${projectKey}`);
  const windows = projects.flatMap((project): Window[] =>
    seesSite(view.query.scope, project.site)
      ? [{ ...project, ...ALL_TIME }]
      : (links.get(keyOf(project)) ?? []).map(({ fromHour, toHour }) => ({ ...project, fromHour, toHour })),
  );
  const { rows } = await database.query<NameRecord>(sql`
    SELECT n.site_id, n.project_id, n.project_name, n.domain_name, greatest(n.from_ms, w.from_ms) AS from_ms, least(n.to_ms, w.to_ms) AS to_ms
    FROM unnest(
      ${numberArray(windows.map(({ site_id }) => site_id))}::int[],
      ${numberArray(windows.map(({ project_id }) => project_id))}::int[],
      ${numberArray(windows.map(({ fromHour }) => fromHour * MS_PER_HOUR))}::bigint[],
      ${numberArray(windows.map(({ toHour }) => toHour * MS_PER_HOUR))}::bigint[]
    ) AS w (site_id, project_id, from_ms, to_ms)
    JOIN ledger.project_name n USING (site_id, project_id)
    WHERE ${view.ofSite(sql`n.site_id`)} AND n.from_ms < w.to_ms AND (n.to_ms IS NULL OR n.to_ms > w.from_ms)
    ORDER BY n.site_id, n.project_id, from_ms`);
  const ofProjects = grouped(rows, keyOf);
  return (project) => (ofProjects.get(keyOf(project)) ?? []).map(nameTime);
}

function keyOf({ site_id, project_id }: Omit<ProjectPlace, 'site'>): string {
  return `${site_id} ${project_id}`;
}

function nameTime({ project_name, domain_name, from_ms, to_ms }: NameRecord): NameTime {
  return {
    projectName: project_name,
    domainName: domain_name,
    fromMs: Number(from_ms),
    toMs: Number(to_ms) === END_MS ? undefined : Number(to_ms),
  };
}

import { sql, type Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { CoveredCloud } from '../../accounting/sites/coverage.ts';
import { rulesOfSite } from '../../accounting/sites/site-rules.ts';
import {
  grantLinks,
  grouped,
  hoursBetween,
  hoursWithin,
  seenLinks,
  seesSite,
  type GrantLink,
  type GrantQuestion,
} from '../../grant-links.ts';
import { listOf, type Names } from '../../names.ts';
import { hourRange, type HourRange } from '../../steps.ts';
import { grantedProjects } from './view/granted-usage.ts';
import type { View } from './view/view.ts';

export interface NamedCloud extends CoveredCloud {
  siteId: number;
  cloudId: number;
  site: string;
  cloud: string;
  progress: { firstMs: number; lastMs: number };
  /** Those of the question's projects that the cloud has. Undefined if the question names none. */
  projects: readonly string[] | undefined;
}

interface CloudRecord {
  site_id: number;
  cloud_id: number;
  site: string;
  cloud: string;
  expected: boolean;
  interval_ms: number | null;
  projects: string[] | null;
  first_ms: string;
  last_ms: string;
}

interface PartRecord {
  site_id: number;
  cloud_id: number;
  name: string;
  from_hour: number;
  to_hour: number;
}

/** A row of an answer. Keys that the answer does not have are empty. */
interface CoveredRow {
  site: string;
  cloud: string;
  project_id?: string;
  grant_name?: string;
}

/** Returns, for a row of the answer, the clouds that may have usage in it, each for the time in which it may. */
export async function loadCoveredClouds(
  database: Queryable,
  view: View<GrantQuestion>,
  range: HourRange,
): Promise<(row: CoveredRow) => readonly NamedCloud[]> {
  const { query } = view;
  const { by } = query;
  const clouds = await loadClouds(database, view);
  const seen = seenLinks(query, range);
  const links = [...grantLinks(query, range), ...seen];
  const cloudsOfGrants = await loadCloudsOfGrants(database, view, range, links, clouds);
  const isWhole = ({ site }: NamedCloud) => seesSite(query.scope, site);
  const seenClouds = whileSeen(clouds, seen, range);
  const linksOfProjects = grouped(links, ({ site, projectId }) => `${site}\0${projectId}`);
  const byCloud = by.has('project') || by.has('domain') || by.has('cloud');
  const bySite = byCloud || by.has('site');
  const placeOf = ({ site, cloud }: CoveredRow) => (byCloud ? `${site}\0${cloud}` : bySite ? site : '');
  const wholeAt = grouped(clouds.filter(isWhole), placeOf);

  /** Whether a row has the usage that no grant covers. One sees it of whole sites only. */
  const hasOthers = (grant: Names) => grant === '' && query.grant === undefined;
  const whileInGrant = (cloud: NamedCloud, projectId: string, grant: string) => {
    const ofProject = (linksOfProjects.get(`${cloud.site}\0${projectId}`) ?? []).filter(
      (link) => (link.cloud ?? cloud.cloud) === cloud.cloud,
    );
    const granted = ofProject.filter((link) => link.grant === grant);
    const others = hasOthers(grant) && isWhole(cloud) ? hoursBetween(range, ofProject) : [];
    return during(cloud, [...granted, ...others]);
  };
  return (row) => {
    const place = placeOf(row);
    const ofWhole = wholeAt.get(place) ?? [];
    const grant = by.has('grant') ? row.grant_name : query.grant;
    if (grant === undefined && seen.length === 0) return ofWhole;
    const isOfRow = (cloud: NamedCloud) => placeOf(cloud) === place;
    const projectId = by.has('project') ? row.project_id : query.projectId;
    if (grant !== undefined && projectId !== undefined)
      return clouds.filter(isOfRow).flatMap((cloud) =>
        listOf(projectId)
          .filter((id) => cloud.projects?.includes(id) ?? true)
          .flatMap((id) => listOf(grant).flatMap((name) => whileInGrant(cloud, id, name))),
      );
    if (grant === undefined) return [...ofWhole, ...seenClouds(projectId).filter(isOfRow)];
    const granted = listOf(grant).flatMap((name) => cloudsOfGrants.get(name) ?? []);
    return [...(hasOthers(grant) ? ofWhole : []), ...granted.filter(isOfRow)];
  };
}

/** Returns the clouds for the times in which a question sees any project of them by grants, or one project. */
function whileSeen(clouds: readonly NamedCloud[], seen: readonly GrantLink[], range: HourRange) {
  const cloudOf = new Map(clouds.map((cloud) => [`${cloud.site}\0${cloud.cloud}`, cloud]));
  const ofClouds = (links: readonly GrantLink[]) =>
    [...grouped(links, ({ site, cloud = '' }) => `${site}\0${cloud}`)].flatMap(([key, its]) => {
      const cloud = cloudOf.get(key);
      return cloud === undefined ? [] : during(cloud, hoursWithin(range, its));
    });
  const all = ofClouds(seen);
  const ofProjects = grouped(seen, ({ projectId }) => projectId);
  return (projectId: Names | undefined) =>
    projectId === undefined ? all : ofClouds(listOf(projectId).flatMap((id) => ofProjects.get(id) ?? []));
}

async function loadClouds(
  database: Queryable,
  { query: { projectId }, ofSite }: View<GrantQuestion>,
): Promise<NamedCloud[]> {
  const { rows } = await database.query<CloudRecord>(sql`
    SELECT c.site_id, c.cloud_id, s.name AS site, c.name AS cloud, s.declared AND NOT c.retired AS expected, s.interval_ms, c.first_ms, c.last_ms, ${projectId === undefined ? sql`NULL::text[]` : sql`k.projects`} AS projects
    FROM ledger.cloud c JOIN ledger.site s USING (site_id)
    ${
      projectId === undefined
        ? sql``
        : sql`JOIN (
            SELECT p.site_id, p.cloud_id, array_agg(p.key) AS projects FROM ledger.project p
            WHERE p.key = ANY (${listOf(projectId)}::text[]) AND ${ofSite(sql`p.site_id`)} GROUP BY 1, 2
          ) k USING (site_id, cloud_id)`
    }
    WHERE ${ofSite(sql`c.site_id`)}`);
  return rows.map(
    ({ site_id: siteId, cloud_id: cloudId, interval_ms, first_ms, last_ms, projects, ...row }) => ({
      ...row,
      projects: projects ?? undefined,
      siteId,
      cloudId,
      progress: { firstMs: Number(first_ms), lastMs: Number(last_ms) },
      rules: rulesOfSite(interval_ms ?? undefined),
    }),
  );
}

/** The clouds that have projects of each grant, for the times in which they have one. */
async function loadCloudsOfGrants(
  database: Queryable,
  { ofSite }: View<GrantQuestion>,
  range: HourRange,
  links: readonly GrantLink[],
  clouds: readonly NamedCloud[],
): Promise<Map<string, NamedCloud[]>> {
  if (links.length === 0) return new Map();
  const { rows } = await database.query<PartRecord>(sql`
    SELECT DISTINCT g.site_id, g.cloud_id, g.name, g.from_hour, g.to_hour FROM (${grantedProjects(links, ofSite)}) g`);
  const parts = grouped(rows, ({ name }) => name);
  return new Map([...parts].map(([grant, all]) => [grant, [...cloudsOf(all, range, clouds)]]));
}

function* cloudsOf(
  parts: readonly PartRecord[],
  range: HourRange,
  clouds: readonly NamedCloud[],
): Generator<NamedCloud> {
  const ofClouds = grouped(parts, ({ site_id, cloud_id }) => `${site_id} ${cloud_id}`);
  for (const cloud of clouds) {
    const hours = ofClouds.get(`${cloud.siteId} ${cloud.cloudId}`) ?? [];
    yield* during(
      cloud,
      hoursWithin(
        range,
        hours.map(({ from_hour: fromHour, to_hour: toHour }) => ({ fromHour, toHour })),
      ),
    );
  }
}

/** Each hour of each cloud once: the times of several projects or grants may overlap. */
export function eachHourOnce(clouds: readonly NamedCloud[], range: HourRange): NamedCloud[] {
  const ofClouds = grouped(clouds, ({ siteId, cloudId }) => `${siteId} ${cloudId}`);
  return [...ofClouds.values()].flatMap((its) => {
    const hours = its.map(({ during: time }) => (time === undefined ? range : hourRange(time)));
    return during(its[0] as NamedCloud, hoursWithin(range, hours));
  });
}

function during(cloud: NamedCloud, hours: readonly HourRange[]): NamedCloud[] {
  return hours.map(({ fromHour, toHour }) => ({
    ...cloud,
    during: { fromMs: fromHour * MS_PER_HOUR, toMs: toHour * MS_PER_HOUR },
  }));
}

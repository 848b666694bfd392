import { numberArray } from '../../../../database/columns.ts';
import { sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import { grantsInScope, seenLinks, seesSite, type GrantLink } from '../../../grant-links.ts';
import type { GrantProject, ScopedQuestion } from '../../../ledger.ts';
import { fits, listOf, type Names } from '../../../names.ts';
import { MS_PER_HOUR } from '../../../../../prometheus/usage-metrics.ts';
import { readLinks, type SeenLink } from './seen-projects.ts';

/** The parts of a question that decide on its view. */
export type ViewQuestion = ScopedQuestion & { site?: Names | undefined; projectId?: Names | undefined };

/** A condition on a column `site_id`. */
export type SiteCondition = (column: Sql) => Sql;

/** The part of the ledger that a question sees (P2). */
export interface View<Question extends ViewQuestion = ViewQuestion> {
  /** The question. Its grants have only projects that it sees. */
  query: Question;
  /** Sites that it sees as a whole. Ids are values: so a database that is distributed by site asks these sites' nodes only. */
  whole: SiteCondition;
  /** All sites of which it sees anything. */
  ofSite: SiteCondition;
  /** The projects that it sees at other sites. A project has a link for each time in a grant. */
  links: readonly SeenLink[];
}

/** Looks up what a question sees. The statements do not depend on what is there. */
export async function viewOf<Question extends ViewQuestion>(
  database: Queryable,
  query: Question,
): Promise<View<Question>> {
  const { scope, site } = query;
  if (scope.everything === true) {
    const ofSite = await siteCondition(database, site);
    return { query, whole: ofSite, ofSite, links: [] };
  }
  const links = everyLink(query);
  const named = scope.sites.filter((name) => fits(site, name));
  const names = [...new Set([...named, ...links.map((link) => link.site)])];
  const { rows } = await database.query<{ site_id: number; name: string }>(sql`
    SELECT site_id, name FROM ledger.site WHERE name = ANY (${names}::text[])`);
  const ofSite = oneOf(names, rows);
  const seen = await readLinks(database, links, ofSite);
  return {
    query: { ...query, grants: grantsWith(query, seen) },
    whole: oneOf(named, rows),
    ofSite,
    links: seen,
  };
}

export const ALL_TIME = { fromHour: 0, toHour: 2 ** 31 - 1 };

/** The links at sites that a question does not see as a whole, for all time. Whether these projects exist is not known yet. */
export function everyLink({ scope, grants, site, projectId }: ViewQuestion): GrantLink[] {
  const ungrouped = grants?.map(({ name, projects }) => ({ name, projects }));
  return seenLinks({ scope, grants: ungrouped, site, projectId, by: new Set(['grant']) }, ALL_TIME);
}

async function siteCondition(database: Queryable, site: Names | undefined): Promise<SiteCondition> {
  if (site === undefined) return () => sql`true`;
  const names = listOf(site);
  const { rows } = await database.query<{ site_id: number; name: string }>(sql`
    SELECT site_id, name FROM ledger.site WHERE name = ANY (${names}::text[])`);
  return oneOf(names, rows);
}

const NO_SITE = 0;

/**
 * The database concludes from one id which rows it needs of all tables that are joined, and not from several. The text does
 * not depend on whether the sites are there.
 */
function oneOf(names: readonly string[], rows: readonly { site_id: number; name: string }[]): SiteCondition {
  const ids = rows.filter(({ name }) => names.includes(name)).map(({ site_id }) => site_id);
  const [first = NO_SITE] = ids;
  if (names.length < 2) return (column) => sql`${column} = ${first}::int`;
  return (column) => sql`${column} = ANY (${numberArray([first, ...ids])}::int[])`;
}

/** The grants with their projects at whole sites, and with the links that are seen at others. */
function grantsWith({ scope, grants }: ViewQuestion, links: readonly SeenLink[]): ScopedQuestion['grants'] {
  return grantsInScope({ scope, grants })
    .map((one) => ({
      ...one,
      projects: [
        ...one.projects.filter(({ site }) => seesSite(scope, site)),
        ...links.filter(({ grant }) => grant === one.name).map(grantProject),
      ],
    }))
    .filter(({ projects }) => projects.length > 0);
}

function grantProject({ site, cloud, projectId, fromHour, toHour }: SeenLink): GrantProject {
  return { site, cloud, projectId, fromMs: fromHour * MS_PER_HOUR, toMs: toHour * MS_PER_HOUR };
}

/** The condition on a project `p` that the question sees it. */
export function seesProject({ query, whole, ofSite, links }: View): Sql {
  if (query.scope.everything === true) return ofSite(sql`p.site_id`);
  return sql`(${ofSite(sql`p.site_id`)} AND (${whole(sql`p.site_id`)} OR (p.site_id, p.project_id) IN (
    SELECT * FROM unnest(${numberArray(links.map(({ siteId }) => siteId))}::int[], ${numberArray(links.map(({ projectKey }) => projectKey))}::int[]))))`;
}

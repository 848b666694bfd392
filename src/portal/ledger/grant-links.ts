import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { Scope } from '../access/rights/scope.ts';
import type { Grant, GrantProject, ScopedQuestion, UsageQuery } from './ledger.ts';
import { fits } from './names.ts';
import type { HourRange } from './steps.ts';

/** A project of a grant, and the hours of a range in which its usage counts for the grant. */
export interface GrantLink extends HourRange {
  /** The group of the grant, if the question is by grant and the grant has one. */
  grant: string;
  site: string;
  /** Undefined means every cloud of the site. */
  cloud: string | undefined;
  projectId: string;
}

/** The parts of a question that decide on its links. */
export type GrantQuestion = Pick<UsageQuery, 'by' | 'site' | 'projectId' | 'grant' | 'grants' | 'scope'>;

/** Whether a scope has the site as a whole. At other sites it has only projects of its grants. */
export function seesSite(scope: Scope, site: string): boolean {
  return scope.everything === true || scope.sites.includes(site);
}

/** The grants of a question with those of their projects that its scope has. A grant without any is not there. */
export function grantsInScope({ scope, grants = [] }: ScopedQuestion): readonly Grant[] {
  if (scope.everything === true) return grants;
  return grants
    .map((grant) => ({
      ...grant,
      projects: scope.grants.includes(grant.name)
        ? grant.projects
        : grant.projects.filter(({ site }) => seesSite(scope, site)),
    }))
    .filter(({ projects }) => projects.length > 0);
}

/**
 * The links of a question at the sites that it sees as a whole: they divide or restrict what it sees there. There are none
 * if the question does not ask for grants.
 */
export function grantLinks(question: GrantQuestion, range: HourRange): GrantLink[] {
  const { by, grant, scope } = question;
  if (grant === undefined && !by.has('grant')) return [];
  return linksOf(question, range, ({ site }) => seesSite(scope, site));
}

/**
 * The links at all other sites: what a question sees there, at most. Where the answer does not name grants, the times of a
 * project in several grants are one time, and `grant` is ''.
 */
export function seenLinks(question: GrantQuestion, range: HourRange): GrantLink[] {
  const { by, grant, scope } = question;
  const links = linksOf(
    { ...question, grants: grantsInScope(question) },
    range,
    ({ site }) => !seesSite(scope, site),
  );
  if (grant !== undefined || by.has('grant')) return links;
  const ofProjects = grouped(links, projectOf);
  return [...ofProjects.values()].flatMap((its) =>
    hoursWithin(range, its).map((hours) => ({ ...(its[0] as GrantLink), ...hours, grant: '' })),
  );
}

function linksOf(
  { by, site: atSite, projectId: ofProject, grant, grants = [] }: GrantQuestion,
  range: HourRange,
  isSeen: (project: GrantProject) => boolean,
): GrantLink[] {
  const isAsked = ({ site, projectId }: GrantProject) => fits(atSite, site) && fits(ofProject, projectId);
  const asked = grants.filter(({ name }) => fits(grant, name));
  const groups = grouped(asked, ({ name, group = name }) => (by.has('grant') ? group : name));
  return [...groups]
    .flatMap(([name, its]) =>
      joined(
        its
          .flatMap(({ projects }) => projects)
          .filter((project) => isAsked(project) && isSeen(project))
          .map(({ site, cloud, projectId, fromMs, toMs }) => ({
            grant: name,
            site,
            cloud,
            projectId,
            fromHour: Math.max(range.fromHour, hourOf(fromMs) ?? -Infinity),
            toHour: Math.min(range.toHour, hourOf(toMs) ?? Infinity),
          })),
      ),
    )
    .filter(({ fromHour, toHour }) => fromHour < toHour);
}

/** Times of a project in one group that follow each other are one time: its usage is not divided where they meet. */
function joined(links: readonly GrantLink[]): GrantLink[] {
  const ends = new Map<string, GrantLink>();
  const found: GrantLink[] = [];
  for (const link of links.toSorted((one, other) => one.fromHour - other.fromHour)) {
    const { fromHour, toHour } = link;
    const key = projectOf(link);
    const before = ends.get(key);
    if (before?.toHour === fromHour) before.toHour = toHour;
    else ends.set(key, found[found.push(link) - 1] as GrantLink);
  }
  return found;
}

function projectOf({ site, cloud, projectId }: GrantLink): string {
  return JSON.stringify([site, cloud, projectId]);
}

function hourOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / MS_PER_HOUR);
}

/** Links that last through the whole range, and links that begin or end within it. */
export function splitLinks(
  links: readonly GrantLink[],
  range: HourRange,
): { whole: GrantLink[]; partial: GrantLink[] } {
  const isWhole = ({ fromHour, toHour }: GrantLink) => fromHour === range.fromHour && toHour === range.toHour;
  return { whole: links.filter(isWhole), partial: links.filter((link) => !isWhole(link)) };
}

/** The hours of `range` that none of its `parts` covers, in order. Parts may overlap, but not leave the range. */
export function hoursBetween(range: HourRange, parts: readonly HourRange[]): HourRange[] {
  const gaps: HourRange[] = [];
  let { fromHour } = range;
  for (const part of parts.toSorted((one, other) => one.fromHour - other.fromHour)) {
    if (part.fromHour > fromHour) gaps.push({ fromHour, toHour: part.fromHour });
    fromHour = Math.max(fromHour, part.toHour);
  }
  return fromHour < range.toHour ? [...gaps, { fromHour, toHour: range.toHour }] : gaps;
}

/** The hours of `range` that at least one of `parts` covers, in order and without overlaps. */
export function hoursWithin(range: HourRange, parts: readonly HourRange[]): HourRange[] {
  return hoursBetween(range, hoursBetween(range, parts));
}

/** The rows of each key, in order. */
export function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

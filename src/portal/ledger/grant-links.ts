import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { GrantProject, UsageQuery } from './ledger.ts';
import type { HourRange } from './steps.ts';

/** A project of a grant, and the hours of a range in which its usage counts for the grant. */
export interface GrantLink extends HourRange {
  grant: string;
  site: string;
  /** Undefined means every cloud of the site. */
  cloud: string | undefined;
  projectId: string;
}

/** The parts of a question that decide on its links. */
export type GrantQuestion = Pick<UsageQuery, 'by' | 'site' | 'projectId' | 'grant' | 'grants'>;

/** The links of a question within a range. There are none if the question does not ask for grants. */
export function grantLinks(
  { by, site: atSite, projectId: ofProject, grant, grants = [] }: GrantQuestion,
  range: HourRange,
): GrantLink[] {
  if (grant === undefined && !by.has('grant')) return [];
  const isAsked = ({ site, projectId }: GrantProject) =>
    (atSite ?? site) === site && (ofProject ?? projectId) === projectId;
  return grants
    .filter(({ name }) => (grant ?? name) === name)
    .flatMap(({ name, projects }) =>
      joined(
        projects.filter(isAsked).map(({ site, cloud, projectId, fromMs, toMs }) => ({
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

/** Times of a project in one grant that follow each other are one time: its usage is not divided where they meet. */
function joined(links: readonly GrantLink[]): GrantLink[] {
  const ends = new Map<string, GrantLink>();
  const found: GrantLink[] = [];
  for (const link of links.toSorted((one, other) => one.fromHour - other.fromHour)) {
    const { site, cloud, projectId, fromHour, toHour } = link;
    const key = JSON.stringify([site, cloud, projectId]);
    const before = ends.get(key);
    if (before?.toHour === fromHour) before.toHour = toHour;
    else ends.set(key, found[found.push(link) - 1] as GrantLink);
  }
  return found;
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

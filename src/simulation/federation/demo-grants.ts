import { generatedCloud } from '../generated/generated-cloud.ts';
import { usageTruth } from '../model/truth.ts';
import type { SiteOptions } from './site.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** People, their account, and its price book. */
function payers(startMs: number, changeMs: number): object {
  const account = {
    name: 'university',
    institution: 'Example University',
    cost_centre: '4711',
    contacts: ['p-1'],
    price_books: [{ book: 'credits', from: isoDay(startMs) }],
  };
  return {
    person: [
      { id: 'p-1', name: 'Ada Lovelace', mail: 'ada@example.org' },
      { id: 'p-2', name: 'Ibn Sina' },
    ],
    account: [account],
    price_book: [priceBook(startMs, changeMs)],
  };
}

/** A price book with a change of prices in the history. */
function priceBook(startMs: number, changeMs: number): object {
  const version = (fromMs: number, reason: string, price: string) => ({
    from: isoDay(fromMs),
    reason,
    server: [{ name: 'servers', sum: [{ price, per: { vcpu: 1, mb: 4096 } }] }],
    states: { stopped: '0.5', shelved_offloaded: '0' },
    resource: [{ resource: 'volume_gb', per: 1024, price: '0.05' }],
    fallback: [{ resource: 'vcpu', price }],
  });
  return {
    name: 'credits',
    unit: 'credits',
    scale: 2,
    rounding: 'half-up',
    version: [
      version(startMs, 'the first prices', '1'),
      ...(changeMs > startMs ? [version(changeMs, 'power is cheaper', '0.8')] : []),
    ],
  };
}

/**
 * The grants of the demo as a file for the portal: one that runs out in a few days, one that lasts, and one that ended. Their
 * amounts come from the usage of the history.
 */
export function demoGrants(sites: readonly SiteOptions[], startMs: number, nowMs: number): object {
  const [today, start] = [dayOf(nowMs), dayOf(startMs)];
  const middle = dayOf((startMs + nowMs) / 2);
  const climate = projectsOf(sites, 0, 2);
  const imaging = projectsOf(sites, 2, 1);
  const course = projectsOf(sites, 3, 1);
  const used = (projects: readonly GrantProject[], share: number) =>
    String(Math.max(1, Math.round(vcpuHours(sites, projects, startMs, nowMs) * share)));
  const initial = (amount: string, reason: string, at = start) => ({
    resource: 'vcpu',
    amount,
    kind: 'initial',
    at: isoDay(at),
    reason,
  });
  const summerCourse = {
    name: 'summer course',
    title: 'Introduction to R',
    from: isoDay(start),
    to: isoDay(middle),
    projects: course,
    people: [{ person: 'p-1', role: 'lead' }],
    allowances: [initial(used(course, 0.8), 'course of 20 people')],
  };
  return {
    ...payers(start, middle),
    grant: [
      {
        name: 'climate',
        title: 'Climate models of the North Sea',
        account: 'university',
        from: isoDay(start),
        to: isoDay(today + 90 * DAY_MS),
        projects: climate,
        people: [
          { person: 'p-1', role: 'lead' },
          { person: 'p-2', role: 'member' },
        ],
        labels: { field: 'climate science' },
        allowances: [
          initial(used(climate, 0.9), 'call 7'),
          { ...initial(used(climate, 0.3), 'longer runs', middle), kind: 'top-up' },
          { ...initial(used(climate, 0.05), 'moved to imaging', middle + DAY_MS), kind: 'cut' },
        ],
      },
      {
        name: 'imaging',
        title: 'Images of cells',
        account: 'university',
        from: isoDay(start),
        to: isoDay(start + 365 * DAY_MS),
        projects: imaging,
        people: [{ person: 'p-2', role: 'lead' }],
        allowances: [initial(used(imaging, 40), 'call 7')],
      },
      ...(middle > start ? [summerCourse] : []),
    ],
  };
}

interface GrantProject {
  site: string;
  id: string;
}

/** Some projects of every site. */
function projectsOf(sites: readonly SiteOptions[], first: number, count: number): GrantProject[] {
  return sites.flatMap(({ name, cloud }) =>
    generatedCloud(cloud)
      .projects.slice(first, first + count)
      .map(({ id }) => ({ site: name, id })),
  );
}

function vcpuHours(
  sites: readonly SiteOptions[],
  projects: readonly GrantProject[],
  fromMs: number,
  toMs: number,
): number {
  const sums = sites.map(({ name, cloud }) => {
    const truth = usageTruth(generatedCloud(cloud), fromMs, toMs);
    return projects
      .filter(({ site }) => site === name)
      .reduce((sum, { id }) => sum + Number(truth.get(id)?.vcpu ?? 0n), 0);
  });
  return sums.reduce((sum, ofSite) => sum + ofSite, 0) / HOUR_MS;
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function isoDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

import type { PresentGrant } from '../src/portal/accounts/grants/grant.ts';
import type { Grant } from '../src/portal/ledger/ledger.ts';
import { END_HOUR, FIRST_HOUR } from './year-of-usage.ts';

const MS_PER_HOUR = 3_600_000;
const HOURS = END_HOUR - FIRST_HOUR;

export function mostGrants(projects: number): number {
  return Math.min(2_000, projects);
}

interface Stay {
  grant: number;
  project: number;
  fromHour: number;
  toHour: number;
}

/** Each grant begins in the first half of the year and ends in the second one. */
export function staysOf(projects: number, unit: 'days' | 'hours'): Stay[] {
  const grants = mostGrants(projects);
  const whole = unit === 'days' ? 24 : 1;
  return Array.from({ length: projects }, (_, project) => {
    const grant = project % grants;
    const begin = (grant * 7919) % (HOURS / 2);
    const end = HOURS / 2 + ((grant * 104_729) % (HOURS / 2));
    const hour = (from: number) => FIRST_HOUR + Math.floor(from / whole) * whole;
    return { grant, project: project + 1, fromHour: hour(begin), toHour: hour(end) };
  });
}

export function grantsOf(stays: readonly Stay[]): Grant[] {
  const grants = Array.from({ length: mostGrants(stays.length) }, (_, grant) => ({
    name: `grant ${grant}`,
    projects: [] as Grant['projects'][number][],
  }));
  for (const { grant, project, fromHour, toHour } of stays)
    grants[grant]?.projects.push({
      site: 'a',
      projectId: String(project).padStart(32, '0'),
      fromMs: fromHour * MS_PER_HOUR,
      toMs: toHour * MS_PER_HOUR,
    });
  return grants;
}

/** A grant of all three resources in the time of its projects. */
export function presentGrant({ name, projects }: Grant): PresentGrant {
  const [{ fromMs, toMs } = {}] = projects;
  return {
    name,
    title: undefined,
    account: undefined,
    fromMs,
    toMs,
    projects,
    people: [],
    labels: {},
    allowances: ['vcpu', 'mb', 'instance'].map((resource) => ({
      resource,
      amount: '1000000',
      kind: 'initial',
      atMs: fromMs ?? 0,
      reason: 'bench',
      author: 'bench',
      writtenMs: 0,
    })),
    version: 1,
    changedMs: 0,
    author: 'bench',
  };
}

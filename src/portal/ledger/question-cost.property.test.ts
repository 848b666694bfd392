import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { EVERYTHING } from '../access/rights/scope.ts';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { grantLinks, splitLinks, type GrantLink } from './grant-links.ts';
import type { Grant, GrantProject, UsageQuery } from './ledger.ts';
import { fits, listOf, type Names } from './names.ts';
import { costOf, overlap, type LedgerCounts } from './question-cost.ts';
import { hourRange, stepStart } from './steps.ts';

/** Three days around the end of a month. */
const FIRST = Date.UTC(2026, 0, 30, 12) / MS_PER_HOUR;
const HOURS = { fromHour: FIRST, toHour: FIRST + 72 };

interface Meter {
  site: string;
  cloud: string;
  projectId: string;
  domain: string;
  resource: string;
  flavor: string;
  state: string;
}

type Kind = readonly [resource: string, flavor: string, state: string];

const VCPU: Kind = ['vcpu', '', ''];
const KINDS: readonly Kind[] = [
  VCPU,
  ['mb', '', ''],
  ['server', 'small', 'active'],
  ['server', 'small', 'stopped'],
  ['server', 'large', 'active'],
];

const anyProject = fc.record({
  place: fc.constantFrom(['a', ''] as const, ['b', 'east'] as const, ['b', 'west'] as const),
  projectId: fc.constantFrom('p', 'q', 'r'),
  domain: fc.constantFrom('d1', 'd2'),
  kinds: fc.oneof(fc.constant<Kind[]>([VCPU]), fc.subarray([...KINDS], { minLength: 1 })),
});

const anyMeters = fc
  .uniqueArray(anyProject, {
    minLength: 1,
    maxLength: 4,
    selector: ({ place, projectId }) => JSON.stringify([place, projectId]),
  })
  .map((projects) =>
    projects.flatMap(({ place: [site, cloud], kinds, ...project }) =>
      kinds.map(([resource, flavor, state]): Meter => ({ ...project, site, cloud, resource, flavor, state })),
    ),
  );

const anyHour = fc.integer({ min: FIRST - 6, max: FIRST + 78 });
const anyGrant = fc.constantFrom(undefined, 'g1', 'g2', 'g3');

/** The grants of a project, each from an hour on. */
const anyHistory = fc
  .tuple(anyGrant, fc.uniqueArray(fc.tuple(anyHour, anyGrant), { maxLength: 4, selector: ([hour]) => hour }))
  .map(([first, changes]) => [
    [undefined, first] as const,
    ...changes.toSorted(([one], [other]) => one - other),
  ]);

/** Projects of all clouds of a site, or of one. */
const PLACES: Pick<GrantProject, 'site' | 'cloud' | 'projectId'>[] = [
  { site: 'a', projectId: 'p' },
  { site: 'a', projectId: 'q', cloud: '' },
  { site: 'b', projectId: 'p' },
  { site: 'b', projectId: 'q', cloud: 'east' },
  { site: 'b', projectId: 'q', cloud: 'west' },
];

const anyGrants = fc
  .tuple(
    fc.tuple(...PLACES.map(() => anyHistory)),
    fc.oneof(fc.constant([]), fc.array(fc.constantFrom('one', 'other', ''), { minLength: 3, maxLength: 3 })),
  )
  .map(([histories, groups]) =>
    ['g1', 'g2', 'g3'].map((name, index): Grant => ({
      name,
      group: groups[index],
      projects: histories.flatMap((history, place) =>
        history.flatMap(([fromHour, grant], i) =>
          grant === name
            ? [
                {
                  ...(PLACES[place] as GrantProject),
                  fromMs: msOf(fromHour),
                  toMs: msOf(history[i + 1]?.[0]),
                },
              ]
            : [],
        ),
      ),
    })),
  );

function msOf(hour: number | undefined): number | undefined {
  return hour === undefined ? undefined : hour * MS_PER_HOUR;
}

/** Few filters at a time, so that most questions have rows. */
const perhaps = (...values: Names[]) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const anyQuestion: fc.Arbitrary<UsageQuery> = fc
  .record({
    ends: fc.oneof(fc.constant([FIRST, FIRST + 72]), fc.uniqueArray(anyHour, { minLength: 2, maxLength: 2 })),
    step: fc.constantFrom('hour', 'day', 'month', 'total'),
    by: fc.subarray(['grant', 'site', 'cloud', 'domain', 'project', 'resource', 'flavor', 'state'] as const),
    site: perhaps('a', ['a', 'b'], 'none'),
    projectId: perhaps('p', ['p', 'q', 'none']),
    resource: perhaps('vcpu', 'server', ['vcpu', 'mb']),
    grant: perhaps('g1', ['g1', 'g2', 'g3']),
    flavor: perhaps('small'),
    state: perhaps('active', ['active', 'stopped']),
    grants: anyGrants,
  })
  .map(({ ends: [one = 0, other = 0], by, ...more }) => ({
    ...more,
    scope: EVERYTHING,
    by: new Set(by),
    fromMs: Math.min(one, other) * MS_PER_HOUR,
    toMs: Math.max(one, other) * MS_PER_HOUR,
    limit: 1000,
  }));

const distinct = <T>(items: readonly T[], ...keys: (keyof T)[]) =>
  new Set(items.map((item) => JSON.stringify(keys.map((key) => item[key])))).size;

const isLinked = (meter: Meter, { site, cloud = meter.cloud, projectId }: GrantLink) =>
  site === meter.site && cloud === meter.cloud && projectId === meter.projectId;

/** The counts of the ledger for a question. */
function countsOf(query: UsageQuery, meters: readonly Meter[]): LedgerCounts {
  const { site, projectId, resource, grant, by } = query;
  const own = meters.filter((meter) => fits(site, meter.site));
  const sites = [...new Set(own.map((meter) => meter.site))];
  const links = grantLinks(query, hourRange(query));
  const linked = (some: readonly GrantLink[]) =>
    some.reduce((sum, link) => sum + projectsOf(own.filter((meter) => isLinked(meter, link))), 0);
  const named = own.filter((meter) => fits(resource, meter.resource));
  return {
    sites: sites.length,
    clouds: distinct(own, 'site', 'cloud'),
    projects:
      projectId !== undefined
        ? projectsOf(own.filter((meter) => fits(projectId, meter.projectId)))
        : grant !== undefined
          ? linked(links)
          : projectsOf(own),
    domains: by.has('domain') ? distinct(own, 'site', 'cloud', 'domain') : 0,
    meters: own.length,
    resources: resource === undefined ? distinct(own, 'resource') : listOf(resource).length,
    kinds: Math.max(
      0,
      ...sites.map((name) =>
        distinct(
          named.filter((meter) => meter.site === name),
          'resource',
          'flavor',
          'state',
        ),
      ),
    ),
    partialProjects: linked(splitLinks(links, hourRange(query)).partial),
    seenProjects: 0,
    hours: HOURS,
  };
}

function projectsOf(meters: readonly Meter[]): number {
  return distinct(meters, 'site', 'cloud', 'projectId');
}

/** The rows of each step, if each meter has usage in each hour. */
function rowsBySteps(query: UsageQuery, meters: readonly Meter[]): number[] {
  const { by, step, grants = [] } = query;
  const rows = new Map<number, Set<string>>();
  const known = overlap(hourRange(query), HOURS) ?? { fromHour: 0, toHour: 0 };
  const ofClouds = by.has('cloud') || by.has('project') || by.has('domain');
  const asked = meters.filter((meter) =>
    (['site', 'projectId', 'resource', 'flavor', 'state'] as const).every((key) =>
      fits(query[key], meter[key]),
    ),
  );
  for (let hour = known.fromHour; hour < known.toHour; hour += 1)
    for (const meter of asked) {
      const grant = grants.find(({ projects }) => projects.some((one) => isIn(one, meter, hour)));
      if (!fits(query.grant, grant?.name ?? '')) continue;
      const start = stepStart(step, hour, hourRange(query), undefined);
      const groups = rows.get(start) ?? new Set();
      rows.set(start, groups);
      groups.add(
        JSON.stringify([
          by.has('grant') && (grant?.group ?? grant?.name ?? ''),
          (ofClouds || by.has('site')) && meter.site,
          ofClouds && meter.cloud,
          by.has('project') && meter.projectId,
          by.has('domain') && meter.domain,
          meter.resource,
          by.has('flavor') && meter.flavor,
          by.has('state') && meter.state,
        ]),
      );
    }
  return [...rows.values()].map(({ size }) => size);
}

function isIn({ fromMs = -Infinity, toMs = Infinity, ...project }: GrantProject, meter: Meter, hour: number) {
  const { site, cloud = meter.cloud, projectId } = project;
  return (
    site === meter.site &&
    cloud === meter.cloud &&
    projectId === meter.projectId &&
    hour * MS_PER_HOUR >= fromMs &&
    hour * MS_PER_HOUR < toMs
  );
}

it('the cost of a question is never less than its rows, in a step and in all, with any filters', () => {
  fc.assert(
    fc.property(anyMeters, anyQuestion, (meters, query) => {
      const { rows, rowsOfStep } = costOf(query, countsOf(query, meters), hourRange(query));
      const steps = rowsBySteps(query, meters);
      expect(Math.max(0, ...steps)).toBeLessThanOrEqual(rowsOfStep);
      expect(steps.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(rows);
    }),
    { numRuns: 3_000 },
  );
});

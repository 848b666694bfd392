import * as fc from 'fast-check';
import { flavorLabel } from '../../src/prometheus/flavor-facts.ts';
import type { Grant, GrantProject, Ledger, UsageQuery } from '../../src/portal/ledger/ledger.ts';
import type { Names } from '../../src/portal/ledger/names.ts';
import { HOUR, MINUTE, sweep } from './fixture.ts';
import type { CloudState } from './grants-by-hour.ts';
import { reading } from './in-memory-book.ts';
import { placesOf, type PlacedReading } from './scope-by-hour.ts';

/** Four days around the end of a month. */
export const FIRST_HOUR = Date.UTC(2026, 0, 30, 10) / HOUR;
export const LAST_HOUR = FIRST_HOUR + 96;
export const SCOPED_NOW = (LAST_HOUR + 3) * HOUR;
export const SITES = ['a', 'b', 'c'];

export const LARGE = flavorLabel({
  name: 'large',
  vcpu: 8,
  mb: 64,
  disk_gb: 0,
  ephemeral_gb: 0,
  swap_mb: 0,
  devices: {},
});
export const SMALL = flavorLabel({
  name: 'small',
  vcpu: 1,
  mb: 8,
  disk_gb: 0,
  ephemeral_gb: 0,
  swap_mb: 0,
  devices: {},
});

/** The life of a meter, in hours since the first reading. */
interface Life {
  site: string;
  cloud?: string;
  projectId: string;
  resource?: string;
  servers?: { flavor: string; state: string };
  from?: number;
  to?: number;
}

const LIVES: Life[] = [
  { site: 'a', projectId: 'p1' },
  { site: 'a', projectId: 'p1', resource: 'mb' },
  { site: 'a', projectId: 'late', from: 52 },
  { site: 'b', cloud: 'west', projectId: 'p1' },
  {
    site: 'b',
    cloud: 'west',
    projectId: 'p1',
    resource: 'server',
    servers: { flavor: SMALL, state: 'active' },
  },
  {
    site: 'b',
    cloud: 'west',
    projectId: 'p1',
    resource: 'server',
    servers: { flavor: LARGE, state: 'stopped' },
    from: 60,
  },
  { site: 'b', cloud: 'east', projectId: 'p1' },
  { site: 'b', cloud: 'east', projectId: 'p2' },
  { site: 'b', cloud: 'east', projectId: 'p2', resource: 'gpu', from: 30, to: 70 },
  { site: 'b', cloud: 'east', projectId: 'gone', to: 40 },
  { site: 'c', projectId: 'p1' },
  { site: 'c', projectId: 'p1', resource: 'server', servers: { flavor: LARGE, state: 'active' } },
  { site: 'c', projectId: 'p3', from: 45, to: 80 },
];

/** The cloud west of b has a gap, and is not read at the end. */
const isRead = ({ cloud }: Life, hour: number) => cloud !== 'west' || hour < 20 || (hour >= 31 && hour < 90);

/** One reading in most hours, which is a gap, and six in some. */
const minutesOf = (hour: number) => (hour >= 46 && hour < 56 ? [0, 10, 20, 30, 40, 50] : [(hour % 3) * 20]);

/** Readings whose totals tell hours and meters apart, and names that change twice. */
export function toldReadings(): PlacedReading[] {
  return LIVES.flatMap((life, index) => {
    const { site, cloud = '', projectId, resource = 'vcpu', servers, from = 0, to = 96 } = life;
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
      .filter((hour) => isRead(life, hour))
      .flatMap((hour) => minutesOf(hour).map((minute) => hour * 60 + minute))
      .map((minutes) => ({
        site,
        ...reading(
          FIRST_HOUR * HOUR + minutes * MINUTE,
          BigInt(minutes) * 1013n * BigInt(index + 1) + BigInt(minutes * minutes) * 7n,
          {
            cloud,
            projectId,
            domainId: projectId === 'p1' ? 'd1' : 'd2',
            domainName: minutes < 50 * 60 ? 'one' : 'two',
            projectName: `${projectId} ${minutes < 33 * 60 ? 'first' : minutes < 66 * 60 ? 'Second' : 'third'}`,
            resource,
            epoch: `${site}${cloud}`,
            ...(servers === undefined ? {} : { servers }),
          },
        ),
      }));
  });
}

export async function tell(ledger: Ledger, readings: readonly PlacedReading[]): Promise<void> {
  for (const name of new Set(readings.map(({ site }) => site)))
    await ledger.fold(name, sweep(readings.filter(({ site }) => site === name)));
}

export function cloudsOf(readings: readonly PlacedReading[]): CloudState[] {
  const clouds = new Map<string, CloudState>();
  for (const { site, cloud, atMs } of readings) {
    const had = clouds.get(`${site} ${cloud}`) ?? { site, cloud, firstMs: atMs, lastMs: atMs };
    clouds.set(`${site} ${cloud}`, {
      ...had,
      firstMs: Math.min(had.firstMs, atMs),
      lastMs: Math.max(had.lastMs, atMs),
    });
  }
  return [...clouds.values()];
}

export const anyHour = fc.oneof(
  fc.integer({ min: FIRST_HOUR - 10, max: LAST_HOUR + 10 }),
  fc.integer({ min: 0, max: 5 }).map((day) => Math.floor(FIRST_HOUR / 24 + day) * 24),
);

const GRANTS = ['g1', 'g2', 'g3'];

/** The grants of a project over time. A change without a grant ends the one before. */
const anyHistory = fc
  .uniqueArray(fc.tuple(anyHour, fc.constantFrom(null, ...GRANTS)), {
    maxLength: 4,
    selector: ([hour]) => hour,
  })
  .chain((changes) => fc.tuple(fc.constantFrom(null, ...GRANTS), fc.constant(changes)))
  .map(([first, changes]) => {
    const all = [[undefined, first] as const, ...changes.toSorted(([one], [other]) => one - other)];
    return all.map(([hour, grant], i) => ({
      grant,
      fromMs: hour === undefined ? undefined : hour * HOUR,
      toMs: all[i + 1] === undefined ? undefined : Number(all[i + 1]?.[0]) * HOUR,
    }));
  });

/** Projects of which each is in one grant at most; p1 of b is in grants in both clouds at once. */
const GRANTED: Pick<GrantProject, 'site' | 'cloud' | 'projectId'>[] = [
  ...placesOf({ readings: toldReadings() }).map(({ cloud, ...place }) =>
    place.site === 'b' && place.projectId !== 'p1' ? { ...place, cloud } : place,
  ),
  { site: 'nowhere', projectId: 'p1' },
].filter(
  (one, index, all) =>
    all.findIndex((other) => other.site === one.site && other.projectId === one.projectId) === index,
);

/** The groups of three grants: in most questions none has one. */
export const anyGroups: fc.Arbitrary<string[]> = fc.oneof(
  fc.constant<string[]>([]),
  fc.array(fc.constantFrom('one', 'other', ''), { minLength: 3, maxLength: 3 }),
);

export const anyGrants: fc.Arbitrary<Grant[]> = fc
  .tuple(fc.tuple(...GRANTED.map(() => anyHistory)), anyGroups)
  .map(([histories, groups]) =>
    GRANTS.map((name, place) => ({
      name,
      group: groups[place],
      projects: histories.flatMap((history, index) =>
        history
          .filter(({ grant }) => grant === name)
          .map(({ fromMs, toMs }) => ({ ...(GRANTED[index] as GrantProject), fromMs, toMs })),
      ),
    })),
  );

export const anyScope = fc.record({
  sites: fc.subarray([...SITES, 'nowhere'], { maxLength: 2 }),
  grants: fc.subarray([...GRANTS.slice(0, 2), 'nobody']),
});

/** Most questions leave a parameter out: those see sites and grants together. */
const seldom = (...values: Names[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

export const anyQuestion: fc.Arbitrary<UsageQuery> = fc
  .record({
    scope: anyScope,
    grants: anyGrants,
    hours: fc.uniqueArray(anyHour, { minLength: 2, maxLength: 2 }),
    step: fc.constantFrom('hour', 'day', 'month', 'quarter', 'year', 'total'),
    by: fc.subarray(['grant', 'site', 'cloud', 'domain', 'project', 'resource', 'flavor', 'state'] as const),
    site: seldom('a', 'b', 'c', 'nowhere', ['a', 'c']),
    projectId: seldom('p1', 'p2', 'nothing', ['p1', 'p2']),
    resource: seldom('vcpu', 'server', ['vcpu', 'mb', 'server']),
    grant: seldom('g1', 'g2', 'g3', ['g1', 'g2']),
  })
  .map(({ hours: [one = 0, other = 0], by, ...more }) => ({
    ...more,
    by: new Set(by),
    fromMs: Math.min(one, other) * HOUR,
    toMs: Math.max(one, other) * HOUR,
    limit: 10_000,
  }));

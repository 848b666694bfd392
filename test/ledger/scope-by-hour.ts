import type { Grant, Project, Reading, ScopedQuestion, SiteStatus } from '../../src/portal/ledger/ledger.ts';
import { DEFAULT_RULES } from '../../src/portal/ledger/accounting/meters/meter.ts';
import { grouped } from '../../src/portal/ledger/grant-links.ts';
import { HOUR } from './fixture.ts';

/** Usage of a meter in an hour, or in a day that begins with the hour. */
export interface HourUsage {
  site: string;
  cloud: string;
  projectId: string;
  domainId: string;
  resource: string;
  /** '' for usage other than server hours, like the state. */
  flavor: string;
  state: string;
  hour: number;
  amount: bigint;
  spread: bigint;
}

export type Place = Pick<HourUsage, 'site' | 'cloud' | 'projectId'>;

/** The grant of a project in an hour; null without one. */
export function grantOf(grants: readonly Grant[], place: Place, hour: number): string | null {
  for (const { name, projects } of grants)
    for (const { site, cloud = place.cloud, projectId, fromMs = -Infinity, toMs = Infinity } of projects)
      if (
        site === place.site &&
        cloud === place.cloud &&
        projectId === place.projectId &&
        hour * HOUR >= fromMs &&
        hour * HOUR < toMs
      )
        return name;
  return null;
}

/** The group, in a question by grant, of a project's usage in an hour; '' without one. */
export function groupOf(grants: readonly Grant[], place: Place, hour: number): string {
  const grant = grantOf(grants, place, hour);
  return grants.find(({ name }) => name === grant)?.group ?? grant ?? '';
}

export type PlacedReading = Reading & { site: string };

/** The readings of a ledger, and the usage that it made of them. */
export interface Facts {
  readings: readonly PlacedReading[];
  hours: readonly HourUsage[];
}

/** Hours that follow each other in one grant; `to` is exclusive. */
interface Run {
  from: number;
  to: number;
}

const seesSite = ({ scope }: ScopedQuestion, site: string) =>
  scope.everything === true || scope.sites.includes(site);

/** Whether a question sees a project in an hour: at a site that it has, or in a grant that it has. */
export function isSeen(
  question: ScopedQuestion,
  place: Place,
  hour: number,
  facts: Facts | undefined,
): boolean {
  if (seesSite(question, place.site)) return true;
  if (facts === undefined) throw new Error('the oracle needs the readings for this scope');
  return runsOf(question, place, facts).some(({ from, to }) => hour >= from && hour < to);
}

const runs = new WeakMap<ScopedQuestion, Map<string, Run[]>>();

/** The times in which a question sees a project by its grants: with a reading or usage of a meter in them. */
function runsOf(question: ScopedQuestion, place: Place, facts: Facts): Run[] {
  const known = runs.get(question) ?? new Map<string, Run[]>();
  runs.set(question, known);
  const key = JSON.stringify([place.site, place.cloud, place.projectId]);
  const its =
    known.get(key) ??
    runsInGrants(question, place, facts).filter((run) => metersIn(place, run, facts).length > 0);
  known.set(key, its);
  return its;
}

function runsInGrants({ scope, grants = [] }: ScopedQuestion, place: Place, facts: Facts): Run[] {
  if (scope.everything === true) return [];
  const instants = facts.readings.map(({ atMs }) => atMs);
  const found: Run[] = [];
  let before: string | null = null;
  for (
    let hour = Math.floor(Math.min(...instants) / HOUR) - 200;
    hour < Math.max(...instants) / HOUR + 200;
    hour += 1
  ) {
    const grant = grantOf(grants, place, hour);
    if (grant !== null && scope.grants.includes(grant)) {
      const last = found.at(-1);
      if (grant === before && last !== undefined) last.to = hour + 1;
      else found.push({ from: hour, to: hour + 1 });
    }
    before = grant;
  }
  return found;
}

const isAt = (place: Place) => (one: Place) =>
  one.site === place.site && one.cloud === place.cloud && one.projectId === place.projectId;

const kindOf = ({ resource, servers }: PlacedReading) =>
  JSON.stringify([resource, servers?.flavor ?? '', servers?.state ?? '']);

/** The meters of a project that have a reading or usage in a time: the instants of all their readings. */
function metersIn(place: Place, { from, to }: Run, facts: Facts): number[][] {
  const instants = new Map<string, number[]>();
  for (const one of facts.readings.filter(isAt(place)))
    instants.set(kindOf(one), [...(instants.get(kindOf(one)) ?? []), one.atMs]);
  return [...instants]
    .filter(([kind, all]) => {
      const used = facts.hours
        .filter(isAt(place))
        .some(
          ({ resource, flavor, state, hour }) =>
            JSON.stringify([resource, flavor, state]) === kind && hour >= from && hour < to,
        );
      return Math.max(...all) >= from * HOUR && (Math.min(...all) < to * HOUR || used);
    })
    .map(([, all]) => all);
}

const within = (ms: number, { from, to }: Run) => Math.min(Math.max(ms, from * HOUR), to * HOUR);

/** The projects that a question sees, as its readings tell. */
export function projectsByReading(question: ScopedQuestion, facts: Facts): Project[] {
  return placesOf(facts).flatMap((place) => {
    const { site, cloud, projectId } = place;
    const whole = { from: -Infinity, to: Infinity };
    const its = seesSite(question, site) ? [whole] : runsOf(question, place, facts);
    const last = its.at(-1);
    if (last === undefined) return [];
    const instants = its.map((run) =>
      metersIn(place, run, facts)
        .flat()
        .map((ms) => within(ms, run)),
    );
    const names = facts.readings.filter(isAt(place)).filter(({ atMs }) => atMs < last.to * HOUR);
    const name = names.toSorted((one, other) => one.atMs - other.atMs).at(-1);
    return [
      {
        site,
        cloud,
        projectId,
        projectName: name?.projectName ?? projectId,
        domainId: name?.domainId ?? '',
        domainName: name?.domainName ?? '',
        firstReadingMs: Math.min(...instants.flat()),
        lastReadingMs: Math.max(...instants.flat()),
      },
    ];
  });
}

/** Each project of the readings, in the order of answers. */
export function placesOf({ readings }: Pick<Facts, 'readings'>): Place[] {
  const keys = readings.map(({ site, cloud, projectId }) => JSON.stringify([site, cloud, projectId]));
  return [...new Set(keys)].toSorted().map((key) => {
    const [site = '', cloud = '', projectId = ''] = JSON.parse(key) as string[];
    return { site, cloud, projectId };
  });
}

/** The part of a site that a question sees by grants; undefined if it sees none of its projects. */
export function siteByReading(question: ScopedQuestion, name: string, facts: Facts): SiteStatus | undefined {
  const seen = placesOf(facts)
    .filter(({ site }) => site === name)
    .map((place) => ({ place, its: runsOf(question, place, facts) }))
    .filter(({ its }) => its.length > 0);
  if (seen.length === 0) return undefined;
  const clouds = grouped(seen, ({ place }) => place.cloud);
  const times = [...clouds].map(([cloud, all]) => {
    const instants = facts.readings
      .filter((one) => one.site === name && one.cloud === cloud)
      .map(({ atMs }) => atMs);
    const ofRuns = all.flatMap(({ its }) => its);
    return {
      cloud,
      firstMs: Math.min(...ofRuns.map(({ from }) => Math.max(from * HOUR, Math.min(...instants)))),
      lastReadingMs: Math.max(...ofRuns.map(({ to }) => Math.min(to * HOUR, Math.max(...instants)))),
    };
  });
  const meters = seen.flatMap(({ place, its }) => {
    const kinds = grouped(facts.readings.filter(isAt(place)), kindOf);
    return [...kinds.values()].filter((readings) =>
      its.some((run) => metersIn(place, run, { ...facts, readings }).length > 0),
    );
  });
  return {
    name,
    labels: {},
    firstReadingMs: Math.min(...times.map(({ firstMs }) => firstMs)),
    lastReadingMs: Math.max(...times.map(({ lastReadingMs }) => lastReadingMs)),
    clouds: times
      .map(({ cloud, lastReadingMs }) => ({ cloud, lastReadingMs }))
      .toSorted(
        (one, other) => one.lastReadingMs - other.lastReadingMs || (one.cloud < other.cloud ? -1 : 1),
      ),
    lastSweepMs: undefined,
    lastSuccessMs: undefined,
    lastError: undefined,
    declared: true,
    ordinaryPauseMs: DEFAULT_RULES.gapThresholdMs,
    projects: seen.length,
    meters: meters.length,
    refusedSeries: undefined,
    anomalies: undefined,
  };
}

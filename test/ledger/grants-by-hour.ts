import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import type { StepCoverage, StepUsage, UsageQuery } from '../../src/portal/ledger/ledger.ts';
import { DEFAULT_RULES } from '../../src/portal/ledger/accounting/meters/meter.ts';
import { fits, listOf } from '../../src/portal/ledger/names.ts';
import { stepOfSums } from '../../src/portal/ledger/steps.ts';
import { runSql } from '../support/postgresql-server.ts';
import { HOUR } from './fixture.ts';
import { grantOf, groupOf, isSeen, type Facts, type HourUsage, type Place } from './scope-by-hour.ts';

/** A cloud of the ledger, and its first and last reading. */
export interface CloudState {
  site: string;
  cloud: string;
  firstMs: number;
  lastMs: number;
}

/** Usage hour by hour, from the rows that the ledger stores. */
export async function storedHours(connection: DatabaseConnection): Promise<HourUsage[]> {
  return await usageFrom(connection, 'ledger.hourly');
}

/** Days of which the ledger has no hours any more. */
export async function daysWithoutHours(connection: DatabaseConnection): Promise<HourUsage[]> {
  return await usageFrom(
    connection,
    `(SELECT m.site_id, m.meter_id, m.first_hour + 24 * (u.i::int - 1) AS hour, u.amount, coalesce(u.spread, 0) AS spread
      FROM ledger.month m, unnest(m.day_amounts, m.day_spreads) WITH ORDINALITY AS u (amount, spread, i)
      WHERE m.hour_amounts IS NULL)`,
  );
}

async function usageFrom(connection: DatabaseConnection, rows: string): Promise<HourUsage[]> {
  const stored = await runSql<Record<keyof HourUsage, string>>(
    connection,
    `SELECT s.name AS site, c.name AS cloud, p.key AS "projectId", n.domain_id AS "domainId", r.name AS resource, coalesce(f.label, '') AS flavor, r.state, e.hour, sum(e.amount)::text AS amount, sum(e.spread)::text AS spread
     FROM ${rows} e JOIN ledger.meter m USING (site_id, meter_id) JOIN ledger.project p USING (site_id, project_id)
     JOIN ledger.cloud c USING (site_id, cloud_id) JOIN ledger.resource r USING (site_id, resource_id)
     JOIN ledger.site s USING (site_id)
     JOIN (SELECT site_id, project_id, domain_id FROM ledger.project_name WHERE to_ms IS NULL) n USING (site_id, project_id)
     LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(e.amount) <> 0 OR sum(e.spread) <> 0`,
  );
  return stored.map(({ hour, amount, spread, ...meter }) => ({
    ...meter,
    hour: Number(hour),
    amount: BigInt(amount),
    spread: BigInt(spread),
  }));
}

/** The first hour of the step of an hour. */
export function stepStart(query: UsageQuery, hour: number): number {
  const { step, fromMs, zone } = query;
  if (zone !== undefined && step !== 'hour' && step !== 'total')
    return localStarts(query).findLast((start) => start <= hour) ?? fromMs / HOUR;
  const date = new Date(hour * HOUR);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const starts = {
    hour,
    day: hour - (hour % 24),
    month: Date.UTC(year, month) / HOUR,
    quarter: Date.UTC(year, month - (month % 3)) / HOUR,
    year: Date.UTC(year, 0) / HOUR,
    total: -Infinity,
  };
  return Math.max(starts[step], fromMs / HOUR);
}

const startsOf = new WeakMap<UsageQuery, number[]>();

/** The first hour of each local date, month, quarter or year. */
function localStarts(query: UsageQuery): number[] {
  const { fromMs, toMs, step, zone = [] } = query;
  const keyOf = (hour: number) => {
    const ahead = zone.findLast(({ fromHour }) => fromHour <= hour)?.hours ?? 0;
    const [year = '', month = '', day] = new Date((hour + ahead) * HOUR).toISOString().split(/[-T]/);
    if (step === 'year') return year;
    if (step === 'quarter') return `${year} ${Math.ceil(Number(month) / 3)}`;
    return step === 'month' ? `${year} ${month}` : `${year} ${month} ${day}`;
  };
  const starts = startsOf.get(query) ?? [];
  if (starts.length === 0)
    for (let hour = fromMs / HOUR; hour * HOUR < toMs; hour += 1)
      if (hour * HOUR === fromMs || keyOf(hour) !== keyOf(hour - 1)) starts.push(hour);
  startsOf.set(query, starts);
  return starts;
}

export function isAsked(query: UsageQuery, one: HourUsage, hour: number, facts?: Facts): boolean {
  return (
    hour * HOUR >= query.fromMs &&
    hour * HOUR < query.toMs &&
    fits(query.site, one.site) &&
    fits(query.projectId, one.projectId) &&
    fits(query.resource, one.resource) &&
    fits(query.flavor, one.flavor) &&
    fits(query.state, one.state) &&
    isSeen(query, one, hour, facts) &&
    (query.grant === undefined || fits(query.grant, grantOf(query.grants ?? [], one, hour) ?? ''))
  );
}

/** The ledger's knowledge, and the present. */
export interface Knowledge {
  hours: readonly HourUsage[];
  places: readonly Place[];
  clouds: readonly CloudState[];
  nowMs: number;
  /** Needed for questions whose scope has grants. */
  facts?: Facts | undefined;
}

/** The keys of a row, in the order of the answer; '' for keys that the answer does not have. */
type Keys = [
  hour: number,
  grant: string,
  site: string,
  cloud: string,
  projectId: string,
  domainId: string,
  resource: string,
  flavor: string,
  state: string,
];

/** Adds up the answer hour by hour. */
export function answerByHour(query: UsageQuery, known: Knowledge): Partial<StepUsage>[] {
  const sums = new Map<string, { keys: Keys; amount: bigint; spread: bigint }>();
  for (const one of known.hours) {
    if (!isAsked(query, one, one.hour, known.facts)) continue;
    const keys = keysOf(query, one);
    const had = sums.get(JSON.stringify(keys)) ?? { amount: 0n, spread: 0n };
    sums.set(JSON.stringify(keys), {
      keys,
      amount: had.amount + one.amount,
      spread: had.spread + one.spread,
    });
  }
  return [...sums.values()]
    .filter(({ amount, spread }) => amount !== 0n || spread !== 0n)
    .toSorted((one, other) => compare(one.keys, other.keys))
    .map(({ keys, amount, spread }) => ({
      ...dimensionsOf(query, keys),
      startMs: keys[0] * HOUR,
      amount: Number(amount) / HOUR,
      amountMs: amount,
      coverage: isMissing(query, keys, known) ? 'missing' : spread > 0n ? 'spread' : 'measured',
    }));
}

/** Rows by project or domain are rows by cloud and site, too, and rows by cloud are rows by site. */
function keysOf(query: UsageQuery, one: HourUsage): Keys {
  const byProject = query.by.has('project');
  const byCloud = isByCloud(query);
  return [
    stepStart(query, one.hour),
    query.by.has('grant') ? groupOf(query.grants ?? [], one, one.hour) : '',
    byCloud || query.by.has('site') ? one.site : '',
    byCloud ? one.cloud : '',
    byProject ? one.projectId : '',
    query.by.has('domain') ? one.domainId : '',
    one.resource,
    query.by.has('flavor') ? one.flavor : '',
    query.by.has('state') ? one.state : '',
  ];
}

function dimensionsOf({ by, resource: asked }: UsageQuery, keys: Keys): Partial<StepUsage> {
  const [, grant, site, cloud, projectId, domainId, resource, flavor, state] = keys;
  return {
    ...(by.has('grant') ? { grant: grant === '' ? null : grant } : {}),
    ...(by.has('site') ? { site } : {}),
    ...(by.has('cloud') ? { cloud } : {}),
    ...(by.has('project') ? { projectId } : {}),
    ...(by.has('domain') ? { domainId } : {}),
    ...(by.has('resource') || asked === undefined || listOf(asked).length > 1 ? { resource } : {}),
    ...(by.has('flavor') ? { flavor } : {}),
    ...(by.has('state') ? { state } : {}),
  };
}

function compare(one: Keys, other: Keys): number {
  const index = one.findIndex((key, i) => key !== other[i]);
  return index < 0 ? 0 : (one[index] as string) < (other[index] as string) ? -1 : 1;
}

/** Whether a cloud of the row misses an hour of its step that is over for longer than an ordinary pause. */
function isMissing(query: UsageQuery, keys: Keys, known: Knowledge): boolean {
  const [start, , site, cloud] = keys;
  const dueMs = known.nowMs - DEFAULT_RULES.gapThresholdMs;
  const clouds = known.clouds.filter(
    (one) => (site === '' || one.site === site) && (site === '' || !isByCloud(query) || one.cloud === cloud),
  );
  for (let hour = start; hour * HOUR < query.toMs && stepStart(query, hour) === start; hour += 1)
    for (const one of clouds)
      if (
        (hour + 1) * HOUR <= dueMs &&
        one.lastMs < (hour + 1) * HOUR &&
        concerns(query, keys, one, hour, known)
      )
        return true;
  return false;
}

function isByCloud({ by }: UsageQuery): boolean {
  return by.has('project') || by.has('domain') || by.has('cloud');
}

/** Whether usage of the cloud in the hour may be in the row. */
function concerns(
  query: UsageQuery,
  keys: Keys,
  { site, cloud }: Pick<CloudState, 'site' | 'cloud'>,
  hour: number,
  known: Knowledge,
) {
  const [, group, , , rowProject] = keys;
  const { grant, grants = [] } = query;
  const byGrant = query.by.has('grant');
  const projectId = query.by.has('project') ? rowProject : query.projectId;
  if (!fits(query.site, site)) return false;
  const places = known.places.filter(
    (place) => place.site === site && place.cloud === cloud && fits(projectId, place.projectId),
  );
  const isIn = (place: Place) =>
    fits(grant, grantOf(grants, place, hour) ?? '') && (!byGrant || groupOf(grants, place, hour) === group);
  if (query.scope.everything !== true && !query.scope.sites.includes(site))
    return places.some((place) => isSeen(query, place, hour, known.facts) && isIn(place));
  // Any project without a grant may be in a row without one.
  if (grant === undefined && projectId === undefined && (!byGrant || group === '')) return true;
  return places.some(isIn);
}

/**
 * Whether the answer to the question cannot be facts, because it needs hours of a day of which only the sum is left: hours of
 * the day lie in different steps or grants, or outside the question.
 */
export function needsLostHours(query: UsageQuery, days: readonly HourUsage[], facts?: Facts): boolean {
  return days.some((day) => {
    const parts = Array.from({ length: 24 }, (_, i) => partOf(query, day, day.hour + i, facts));
    return parts.some((part) => part !== undefined) && new Set(parts).size > 1;
  });
}

/** The step and grant of an hour; undefined if it is not in the answer. */
function partOf(
  query: UsageQuery,
  day: HourUsage,
  hour: number,
  facts: Facts | undefined,
): string | undefined {
  if (!isAsked(query, day, hour, facts)) return undefined;
  const { by, grant, grants = [] } = query;
  const part = by.has('grant')
    ? groupOf(grants, day, hour)
    : grant !== undefined && grantOf(grants, day, hour);
  return `${stepOfSums(query) === 'hour' ? hour : stepStart(query, hour)} ${part}`;
}

type HourOfCloud = Pick<CloudState, 'site' | 'cloud'> & {
  hour: number;
  measuredMs: number;
  spreadMs: number;
};

/** The coverage of each hour of each cloud, from the rows that the ledger stores. */
export async function storedCoverage(connection: DatabaseConnection): Promise<HourOfCloud[]> {
  return await runSql<HourOfCloud>(
    connection,
    `SELECT s.name AS site, c.name AS cloud, h.hour, h.measured_ms AS "measuredMs", h.spread_ms AS "spreadMs"
     FROM ledger.site_hour h JOIN ledger.cloud c USING (site_id, cloud_id) JOIN ledger.site s USING (site_id)`,
  );
}

/** The coverage of the question's grant, from hours in which a cloud has one of its projects. */
export function coverageByHour(
  query: UsageQuery,
  known: Knowledge,
  stored: readonly HourOfCloud[],
): Partial<StepCoverage>[] {
  const sums = new Map<string, { keys: Keys; measuredMs: number; spreadMs: number }>();
  for (const { site, cloud, firstMs } of known.clouds)
    for (let hour = query.fromMs / HOUR; hour * HOUR < Math.min(query.toMs, known.nowMs); hour += 1) {
      const keys: Keys = [
        stepStart(query, hour),
        '',
        query.by.has('site') ? site : '',
        query.by.has('cloud') ? cloud : '',
        '',
        '',
        '',
        '',
        '',
      ];
      const isOfGrant = concerns(query, keys, { site, cloud }, hour, known);
      if ((hour + 1) * HOUR <= firstMs || !isOfGrant) continue;
      const row = sums.get(JSON.stringify(keys)) ?? { keys, measuredMs: 0, spreadMs: 0 };
      const its = stored.find((one) => one.site === site && one.cloud === cloud && one.hour === hour);
      row.measuredMs += its?.measuredMs ?? 0;
      row.spreadMs += its?.spreadMs ?? 0;
      sums.set(JSON.stringify(keys), row);
    }
  return [...sums.values()]
    .toSorted((one, other) => compare(one.keys, other.keys))
    .map(({ keys, measuredMs, spreadMs }) => ({
      ...(query.by.has('site') ? { site: keys[2] } : {}),
      ...(query.by.has('cloud') ? { cloud: keys[3] } : {}),
      startMs: keys[0] * HOUR,
      coverage: isMissing(query, keys, known) ? 'missing' : spreadMs > 0 ? 'spread' : 'measured',
      measuredMs,
      spreadMs,
    }));
}

import { sql, type Kysely } from 'kysely';
import { MS_PER_HOUR, unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf, type CoveredCloud } from '../../accounting/sites/coverage.ts';
import type { AccountingRules } from '../../accounting/meters/meter.ts';
import type { Page, UsageQuery, UsageRow } from '../../ledger.ts';
import { stepEnd, type HourRange } from '../../steps.ts';
import { writeCursor } from './cursor.ts';
import { grantedProjects } from './granted-projects.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { isoOf } from './times.ts';
import { hourRange, sortKeys, sumUsage, type UsageRecord } from './usage-query.ts';

/** Answers a usage query in a transaction of one instant; see `UsageQuery` and `UsageRow`. Throws `CursorError` and `HoursGoneError`. */
export async function queryUsage(
  trx: Kysely<unknown>,
  query: UsageQuery,
  nowMs: number,
  rulesOf: (site: string) => AccountingRules,
): Promise<Page<UsageRow>> {
  const range = hourRange(query);
  await refuseHoursGone(trx, query, range);
  const records = await sumUsage(trx, query, range);
  const rowOf = await rowMaker(trx, query, range, nowMs, rulesOf);
  const shown = records.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    data: shown.map(rowOf),
    next: records.length > query.limit && last !== undefined ? writeCursor(sortKeys(last)) : null,
  };
}

/** Makes rows of sums, with what the ledger knows now of how far each site was read. */
export async function rowMaker(
  trx: Kysely<unknown>,
  query: UsageQuery,
  range: HourRange,
  nowMs: number,
  rulesOf: (site: string) => AccountingRules,
): Promise<(record: UsageRecord) => UsageRow> {
  const clouds = await loadCoveredClouds(trx, query, rulesOf);
  return (record) => usageRow(record, query, range, covering(clouds, record, query), nowMs);
}

interface NamedCloud extends CoveredCloud {
  site: string;
  cloud: string;
  /** That have a project in it, as far as the query is about grants. */
  grants: readonly string[];
}

/** The clouds that the query could have usage from. */
async function loadCoveredClouds(
  database: Kysely<unknown>,
  query: UsageQuery,
  rulesOf: (site: string) => AccountingRules,
): Promise<NamedCloud[]> {
  const { site, projectId, grant } = query;
  const { rows } = await sql<{
    site: string;
    cloud: string;
    expected: boolean;
    first_ms: string;
    last_ms: string;
    grants: string[];
  }>`
    WITH granted AS (${grantedProjects(query)})
    SELECT s.name AS site, c.name AS cloud, s.declared AND NOT c.retired AS expected, c.first_ms, c.last_ms,
           ARRAY(SELECT DISTINCT g.name FROM granted g WHERE g.site_id = c.site_id AND g.cloud_id = c.cloud_id) AS grants
    FROM ledger.cloud c JOIN ledger.site s USING (site_id)
    WHERE ${site === undefined ? sql`true` : sql`s.name = ${site}`} AND ${
      projectId === undefined
        ? sql`true`
        : sql`EXISTS (SELECT FROM ledger.project p WHERE p.key = ${projectId} AND p.site_id = c.site_id AND p.cloud_id = c.cloud_id)`
    }`.execute(database);
  const asked = grant === undefined ? rows : rows.filter(({ grants }) => grants.includes(grant));
  return asked.map(({ first_ms, last_ms, ...row }) => ({
    ...row,
    progress: { firstMs: Number(first_ms), lastMs: Number(last_ms) },
    rules: rulesOf(row.site),
  }));
}

/** The clouds that a row's amount comes from, or could have come from. */
function covering(clouds: readonly NamedCloud[], row: UsageRecord, { by }: UsageQuery): NamedCloud[] {
  if (by.has('project') || by.has('cloud'))
    return clouds.filter(({ site, cloud }) => site === row.site && cloud === row.cloud);
  const ofGrant =
    row.grant_name === '' ? clouds : clouds.filter(({ grants }) => grants.includes(row.grant_name));
  return by.has('site') ? ofGrant.filter(({ site }) => site === row.site) : [...ofGrant];
}

function usageRow(
  record: UsageRecord,
  query: UsageQuery,
  range: HourRange,
  clouds: readonly CoveredCloud[],
  nowMs: number,
): UsageRow {
  const interval = {
    fromMs: record.start_hour * MS_PER_HOUR,
    toMs: stepEnd(query.step, record.start_hour, range) * MS_PER_HOUR,
    spread: BigInt(record.spread) > 0n,
  };
  return {
    ...dimensions(record, query),
    start: isoOf(interval.fromMs),
    amount: Number(BigInt(record.amount)) / MS_PER_HOUR,
    unit: unitOfResource(record.resource),
    coverage: coverageOf(interval, clouds, nowMs),
  };
}

/** The keys that were asked for; the resource also where neither it nor the query says which one it is. */
function dimensions(record: UsageRecord, { by, resource }: UsageQuery) {
  return {
    ...(by.has('grant') ? { grant: record.grant_name === '' ? null : record.grant_name } : {}),
    ...(by.has('site') ? { site: record.site } : {}),
    ...(by.has('cloud') ? { cloud: record.cloud } : {}),
    ...(by.has('project') ? { project_id: record.project_id, project_name: record.project_name } : {}),
    ...(by.has('resource') || resource === undefined ? { resource: record.resource } : {}),
  };
}

import { ADVISORY_KEYS } from '../../../database/advisory-keys.ts';
import { takeLock } from '../../../database/advisory-lock.ts';
import type { Database } from '../../../database/database.ts';
import { sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { EVERYTHING } from '../../../access/rights/scope.ts';
import type { SiteDeclaration, SiteStatus } from '../../ledger.ts';
import { rulesOfSite } from '../../accounting/sites/site-rules.ts';
import { whyStandstill } from '../../accounting/sites/standstill.ts';
import { whereReachable } from '../database/reach.ts';
import { siteIdOf } from '../sweeps/load/lock-site.ts';
import { isSeenIn, linkTable, msOf } from './view/seen-projects.ts';
import { viewOf, type View, type ViewQuestion } from './view/view.ts';

/**
 * Records the sites of the portal's configuration. A setting that a declaration leaves out keeps its value. A site that
 * neither this portal nor another living portal has is no longer declared. Writes only what differs: on Citus,
 * `ledger.site` is on every node and cannot be written while a node is down. Returns the sites whose retired clouds could
 * not be written because their node is down.
 */
export async function declareSites(
  database: Database,
  declarations: readonly SiteDeclaration[],
): Promise<string[]> {
  if (await differ(database, declarations)) await writeSites(database, declarations);
  return await retireClouds(database, declarations);
}

async function differ(database: Queryable, declarations: readonly SiteDeclaration[]): Promise<boolean> {
  const { rows } = await database.query(sql`SELECT FROM (${differingSites(declarations)}) w LIMIT 1`);
  return rows.length > 0 || (await sitesToDrop(database, declarations)).length > 0;
}

/** Portals that start together take turns: Citus cannot see that they wait for rows of each other in time. */
async function writeSites(database: Database, declarations: readonly SiteDeclaration[]): Promise<void> {
  const names = declarations.map(({ name }) => name);
  await database.transaction(async (trx) => {
    await takeLock(trx, ADVISORY_KEYS.sites);
    await trx.query(sql`
      INSERT INTO ledger.site (name, labels, declared, interval_ms, max_projects, clouds) ${differingSites(declarations)}
      ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, declared = true, interval_ms = excluded.interval_ms,
        max_projects = excluded.max_projects, clouds = excluded.clouds`);
    await trx.query(sql`
      UPDATE ledger.site SET declared = false WHERE name = ANY (${await sitesToDrop(trx, declarations)}::text[])`);
    await trx.query(sql`
      INSERT INTO ledger.site_state (site_id) SELECT site_id FROM ledger.site WHERE name = ANY (${names}::text[])
      ON CONFLICT DO NOTHING`);
  });
}

/** The rows of new sites and of sites with other settings than these, as they should be. */
function differingSites(declarations: readonly SiteDeclaration[]): Sql {
  return sql`
    SELECT name, labels, true AS declared, interval_ms, max_projects, clouds
    FROM (
      SELECT w.name, coalesce(w.said -> 'labels', had.labels, '{}') AS labels,
             CASE WHEN w.said ? 'intervalMs' THEN (w.said ->> 'intervalMs')::int ELSE had.interval_ms END AS interval_ms,
             CASE WHEN w.said ? 'maxProjects' THEN (w.said ->> 'maxProjects')::int ELSE had.max_projects END AS max_projects,
             CASE jsonb_typeof(w.said -> 'clouds') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(w.said -> 'clouds'))
               WHEN 'null' THEN NULL ELSE had.clouds END AS clouds,
             had.declared IS TRUE AS was_declared, had.labels AS had_labels, had.interval_ms AS had_interval_ms,
             had.max_projects AS had_max_projects, had.clouds AS had_clouds
      FROM unnest(${declarations.map(({ name }) => name)}::text[], ${declarations.map(settingsOf)}::jsonb[]) AS w (name, said)
      LEFT JOIN ledger.site had USING (name)
    ) should
    WHERE NOT was_declared OR (labels, interval_ms, max_projects, clouds)
      IS DISTINCT FROM (had_labels, had_interval_ms, had_max_projects, had_clouds)
    ORDER BY name`;
}

/** The settings as JSON, which leaves out undefined ones. */
function settingsOf({ labels, intervalMs, maxProjects, clouds }: SiteDeclaration): string {
  return JSON.stringify({ labels, intervalMs, maxProjects, clouds });
}

/** The sites that count as declared, and that no configuration names any more. */
async function sitesToDrop(trx: Queryable, declarations: readonly SiteDeclaration[]): Promise<string[]> {
  const named = [...declarations.map(({ name }) => name), ...(await declaredElsewhere(trx))];
  const { rows } = await trx.query<{ name: string }>(sql`
    SELECT name FROM ledger.site WHERE declared AND name <> ALL(${named}::text[])`);
  return rows.map(({ name }) => name);
}

/**
 * Sets which clouds are retired, at the sites with the setting `retiredClouds`. Other sites keep their retired clouds.
 * Returns the sites whose node is down.
 */
async function retireClouds(
  database: Queryable,
  declarations: readonly SiteDeclaration[],
): Promise<string[]> {
  const said = declarations.filter(({ retiredClouds }) => retiredClouds !== undefined);
  if (said.length === 0) return [];
  return await whereReachable(said, async (some) => await retireCloudsOf(database, some));
}

async function retireCloudsOf(database: Queryable, said: readonly SiteDeclaration[]): Promise<void> {
  const { rows: sites } = await database.query<{ site_id: number; name: string }>(sql`
    SELECT site_id, name FROM ledger.site WHERE name = ANY (${said.map(({ name }) => name)}::text[])`);
  const { rows: clouds } = await database.query<{
    site_id: number;
    cloud_id: number;
    name: string;
    retired: boolean;
  }>(sql`
    SELECT site_id, cloud_id, name, retired FROM ledger.cloud
    WHERE site_id = ANY (${sites.map(({ site_id }) => site_id)}::int[])`);
  const retired = new Map(said.map(({ name, retiredClouds }) => [name, new Set(retiredClouds)]));
  const nameOf = new Map(sites.map(({ site_id, name }) => [site_id, name]));
  for (const { site_id: siteId, cloud_id: cloudId, name, retired: was } of clouds) {
    const should = retired.get(nameOf.get(siteId) ?? '')?.has(name) === true;
    if (should === was) continue;
    await database.query(sql`
      UPDATE ledger.cloud SET retired = ${should} WHERE site_id = ${siteId} AND cloud_id = ${cloudId}`);
  }
}

/** The sites of all living portals. A portal of an older version does not list its sites, and counts for all sites. */
async function declaredElsewhere(trx: Queryable): Promise<string[]> {
  const { rows } = await trx.query<{ name: string }>(sql`
    SELECT DISTINCT s.name FROM ledger.portal p JOIN ledger.site s ON p.sites IS NULL OR s.name = ANY (p.sites)
    WHERE p.alive_until >= clock_timestamp()`);
  return rows.map(({ name }) => name);
}

interface SeenSiteRow {
  name: string;
  labels: Record<string, string>;
  declared: boolean;
  interval_ms: number | null;
  first_ms: string | null;
  last_ms: string | null;
  clouds: { cloud: string; lastMs: number }[] | null;
  projects: number;
  meters: number;
}

interface SiteRow extends SeenSiteRow {
  last_sweep_ms: string | null;
  last_success_ms: string | null;
  last_error: string | null;
  refused_series: number;
  anomalies: string;
  exporter_versions: string[];
}

/**
 * The state of each declared site, and of each other site with readings, by name. With `site`, of one site only, from its
 * own node.
 */
export async function siteStatuses(database: Queryable, question: ViewQuestion): Promise<SiteStatus[]> {
  const view = await viewOf(database, question);
  const whole = await wholeSites(database, view);
  if (question.scope.everything === true) return whole;
  return [...whole, ...(await seenSites(database, view))].toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
}

async function wholeSites(database: Queryable, { whole: ofSite }: View): Promise<SiteStatus[]> {
  const { rows } = await database.query<SiteRow>(sql`
    SELECT s.name, s.labels, s.declared, s.interval_ms, c.first_ms, c.last_ms, c.clouds, t.last_sweep_ms, t.last_success_ms, t.last_error,
           t.projects, t.meters, t.refused_series, t.anomalies, t.exporter_versions
    FROM ledger.site s JOIN ledger.site_state t USING (site_id)
    LEFT JOIN (
      SELECT site_id, min(first_ms) AS first_ms, max(last_ms) AS last_ms,
             json_agg(json_build_object('cloud', name, 'lastMs', last_ms) ORDER BY last_ms, name)
               FILTER (WHERE NOT retired) AS clouds
      FROM ledger.cloud WHERE ${ofSite(sql`site_id`)} GROUP BY site_id) c USING (site_id)
    WHERE (s.declared OR c.first_ms IS NOT NULL) AND ${ofSite(sql`t.site_id`)}
    ORDER BY s.name`);
  return rows.map(statusOf);
}

/** The sites of which only projects are seen: clouds that have projects of grants, up to the end of their time in the grants, and no health. */
async function seenSites(database: Queryable, { links, ofSite }: View): Promise<SiteStatus[]> {
  const { rows } = await database.query<SeenSiteRow>(sql`
    WITH seen AS MATERIALIZED (${linkTable(links)}
    ), clouds AS (
      SELECT c.site_id, c.name, c.retired, min(greatest(c.first_ms, ${msOf(sql`g.from_hour`)})) AS first_ms, max(least(c.last_ms, ${msOf(sql`g.to_hour`)})) AS last_ms
      FROM ledger.cloud c JOIN seen g USING (site_id, cloud_id) WHERE ${ofSite(sql`c.site_id`)} GROUP BY c.site_id, c.name, c.retired
    )
    SELECT s.name, s.labels, s.declared, s.interval_ms, c.first_ms, c.last_ms, c.clouds, t.projects, t.meters
    FROM ledger.site s
    JOIN (
      SELECT site_id, min(first_ms) AS first_ms, max(last_ms) AS last_ms,
             json_agg(json_build_object('cloud', name, 'lastMs', last_ms) ORDER BY last_ms, name)
               FILTER (WHERE NOT retired) AS clouds
      FROM clouds GROUP BY site_id) c USING (site_id)
    JOIN (
      SELECT m.site_id, count(DISTINCT m.project_id)::int AS projects, count(DISTINCT m.meter_id)::int AS meters
      FROM ledger.meter m JOIN seen g USING (site_id, project_id)
      WHERE ${isSeenIn(sql`g`)} AND ${ofSite(sql`m.site_id`)} GROUP BY m.site_id) t USING (site_id)`);
  return rows.map(seenStatusOf);
}

/** The state of one site, if it is declared or has readings. */
export async function siteStatus(database: Queryable, site: string): Promise<SiteStatus | undefined> {
  await siteIdOf(database, site);
  const [status] = await siteStatuses(database, { scope: EVERYTHING, site });
  return status;
}

/** The declared sites, without what their nodes know of them. */
export async function declaredSites(database: Queryable): Promise<SiteStatus[]> {
  const { rows } = await database.query<SiteRow>(sql`
    SELECT name, labels, declared, interval_ms, 'the database node of this site is down' AS last_error,
           0 AS projects, 0 AS meters, 0 AS refused_series, 0 AS anomalies, ARRAY[]::text[] AS exporter_versions,
           NULL AS first_ms, NULL AS last_ms, NULL AS clouds, NULL AS last_sweep_ms, NULL AS last_success_ms
    FROM ledger.site WHERE declared ORDER BY name`);
  return rows.map(statusOf);
}

function statusOf(row: SiteRow): SiteStatus {
  const rules = rulesOfSite(row.interval_ms ?? undefined);
  const lastSuccessMs = msOrUndefined(row.last_success_ms);
  return {
    ...seenStatusOf(row),
    lastSweepMs: msOrUndefined(row.last_sweep_ms),
    lastSuccessMs,
    lastError: row.declared
      ? (row.last_error ?? whyStandstill(lastSuccessMs, row.clouds ?? [], rules))
      : undefined,
    exporterVersions: row.exporter_versions.length === 0 ? undefined : row.exporter_versions,
    refusedSeries: row.refused_series,
    anomalies: Number(row.anomalies),
  };
}

function seenStatusOf(row: SeenSiteRow): SiteStatus {
  return {
    name: row.name,
    labels: row.labels,
    declared: row.declared,
    firstReadingMs: msOrUndefined(row.first_ms),
    lastReadingMs: msOrUndefined(row.last_ms),
    clouds: (row.clouds ?? []).map(({ cloud, lastMs }) => ({ cloud, lastReadingMs: lastMs })),
    lastSweepMs: undefined,
    lastSuccessMs: undefined,
    lastError: undefined,
    ordinaryPauseMs: rulesOfSite(row.interval_ms ?? undefined).gapThresholdMs,
    projects: row.projects,
    meters: row.meters,
    refusedSeries: undefined,
    anomalies: undefined,
  };
}

function msOrUndefined(ms: string | null): number | undefined {
  return ms === null ? undefined : Number(ms);
}

import type { Database } from '../../../database/database.ts';
import { sql, type Queryable } from '../../../database/sql.ts';
import type { Lease, SiteDeclaration, SiteStatus } from '../../ledger.ts';
import { rulesOfSite } from '../../accounting/sites/site-rules.ts';
import { whyStandstill } from '../../accounting/sites/standstill.ts';
import { requireLease } from '../database/fence.ts';
import { siteIdOf } from '../sweeps/load/lock-site.ts';

/**
 * Records the sites of the portal's configuration. A setting that a declaration leaves out keeps its value. A site that
 * neither this portal nor another living portal has is no longer declared.
 */
export async function declareSites(
  database: Database,
  declarations: readonly SiteDeclaration[],
): Promise<void> {
  const names = declarations.map(({ name }) => name);
  await database.transaction(async (trx) => {
    await trx.query(sql`
      INSERT INTO ledger.site (name, labels, declared, interval_ms, max_projects, clouds)
      SELECT w.name, coalesce(w.said -> 'labels', had.labels, '{}'), true,
             CASE WHEN w.said ? 'intervalMs' THEN (w.said ->> 'intervalMs')::int ELSE had.interval_ms END,
             CASE WHEN w.said ? 'maxProjects' THEN (w.said ->> 'maxProjects')::int ELSE had.max_projects END,
             CASE jsonb_typeof(w.said -> 'clouds') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(w.said -> 'clouds'))
               WHEN 'null' THEN NULL ELSE had.clouds END
      FROM unnest(${names}::text[], ${declarations.map(settingsOf)}::jsonb[]) AS w (name, said)
      LEFT JOIN ledger.site had USING (name)
      ORDER BY w.name
      ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, declared = true, interval_ms = excluded.interval_ms,
        max_projects = excluded.max_projects, clouds = excluded.clouds`);
    await retireClouds(trx, declarations);
    await trx.query(sql`
      UPDATE ledger.site SET declared = false
      WHERE declared AND name <> ALL(${[...names, ...(await declaredElsewhere(trx))]}::text[])`);
    await trx.query(sql`
      INSERT INTO ledger.site_state (site_id) SELECT site_id FROM ledger.site ON CONFLICT DO NOTHING`);
  });
}

/** The settings as JSON, which leaves out undefined ones. */
function settingsOf({ labels, intervalMs, maxProjects, clouds }: SiteDeclaration): string {
  return JSON.stringify({ labels, intervalMs, maxProjects, clouds });
}

/** Sets which clouds are retired, at the sites with the setting `retiredClouds`. Other sites keep their retired clouds. */
async function retireClouds(trx: Queryable, declarations: readonly SiteDeclaration[]): Promise<void> {
  const said = declarations.filter(({ retiredClouds }) => retiredClouds !== undefined);
  const retired = said.flatMap(({ name, retiredClouds = [] }) =>
    retiredClouds.map((cloud) => ({ site: name, cloud })),
  );
  await trx.query(sql`
    WITH named AS (
      SELECT c.site_id, c.cloud_id, (s.name, c.name) IN (
        SELECT * FROM unnest(${retired.map(({ site }) => site)}::text[], ${retired.map(({ cloud }) => cloud)}::text[])
      ) AS retired
      FROM ledger.cloud c JOIN ledger.site s USING (site_id)
      WHERE s.name = ANY(${said.map(({ name }) => name)}::text[])
    )
    UPDATE ledger.cloud c SET retired = n.retired FROM named n
    WHERE c.site_id = n.site_id AND c.cloud_id = n.cloud_id AND c.retired <> n.retired`);
}

/** The sites of all living portals. A portal of an older version does not list its sites, and counts for all sites. */
async function declaredElsewhere(trx: Queryable): Promise<string[]> {
  const { rows } = await trx.query<{ name: string }>(sql`
    SELECT DISTINCT s.name FROM ledger.portal p JOIN ledger.site s ON p.sites IS NULL OR s.name = ANY (p.sites)
    WHERE p.alive_until >= clock_timestamp()`);
  return rows.map(({ name }) => name);
}

/** Records a failed sweep. With `lease`, records nothing if another portal has taken over the site. */
export async function recordFailure(
  database: Database,
  site: string,
  atMs: number,
  reason: string,
  lease?: Lease,
): Promise<void> {
  await database.transaction(async (trx) => {
    await trx.query(sql`
      UPDATE ledger.site_state SET last_sweep_ms = ${atMs}, last_error = ${reason.replaceAll('\0', '')}
      WHERE site_id = ${await siteIdOf(trx, site)}`);
    await requireLease(trx, lease);
  });
}

interface SiteRow {
  name: string;
  labels: Record<string, string>;
  interval_ms: number | null;
  first_ms: string | null;
  last_ms: string | null;
  clouds: { cloud: string; lastMs: number }[] | null;
  last_sweep_ms: string | null;
  last_success_ms: string | null;
  last_error: string | null;
  projects: number;
  meters: number;
  refused_series: number;
  anomalies: string;
}

/** The state of each declared site, and of each other site with readings, by name. */
export async function siteStatuses(database: Queryable): Promise<SiteStatus[]> {
  const { rows } = await database.query<SiteRow>(sql`
    SELECT s.name, s.labels, s.interval_ms, c.first_ms, c.last_ms, c.clouds, t.last_sweep_ms, t.last_success_ms, t.last_error,
           t.projects, t.meters, t.refused_series, t.anomalies
    FROM ledger.site s JOIN ledger.site_state t USING (site_id)
    LEFT JOIN (
      SELECT site_id, min(first_ms) AS first_ms, max(last_ms) AS last_ms,
             json_agg(json_build_object('cloud', name, 'lastMs', last_ms) ORDER BY last_ms, name)
               FILTER (WHERE NOT retired) AS clouds
      FROM ledger.cloud GROUP BY site_id) c USING (site_id)
    WHERE s.declared OR c.first_ms IS NOT NULL
    ORDER BY s.name`);
  return rows.map(statusOf);
}

function statusOf(row: SiteRow): SiteStatus {
  const rules = rulesOfSite(row.interval_ms ?? undefined);
  const clouds = row.clouds ?? [];
  const lastSuccessMs = msOrUndefined(row.last_success_ms);
  return {
    name: row.name,
    labels: row.labels,
    firstReadingMs: msOrUndefined(row.first_ms),
    lastReadingMs: msOrUndefined(row.last_ms),
    clouds: clouds.map(({ cloud, lastMs }) => ({ cloud, lastReadingMs: lastMs })),
    lastSweepMs: msOrUndefined(row.last_sweep_ms),
    lastSuccessMs,
    lastError: row.last_error ?? whyStandstill(lastSuccessMs, clouds, rules),
    ordinaryPauseMs: rules.gapThresholdMs,
    projects: row.projects,
    meters: row.meters,
    refusedSeries: row.refused_series,
    anomalies: Number(row.anomalies),
  };
}

function msOrUndefined(ms: string | null): number | undefined {
  return ms === null ? undefined : Number(ms);
}

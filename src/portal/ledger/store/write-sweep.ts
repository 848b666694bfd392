import { sql, type Kysely } from 'kysely';
import { projectKey, type CloudChange, type MeterChange, type SweepChanges } from '../accounting/sweep.ts';
import type { Refusal, Sweep } from '../ledger.ts';
import { numberArray } from './arrays.ts';
import type { LockedSite } from './load-site.ts';
import { anomalyRows, writeAnomalies } from './write-anomalies.ts';
import { coverageRows, writeCoverage } from './write-coverage.ts';
import { writeEntries, type MeterRow } from './write-entries.ts';
import { writeCloudGaps, writeMeterGaps } from './write-gaps.ts';

type Transaction = Kysely<unknown>;

/** Writes all that a sweep changes, with a number of statements that does not depend on the number of meters. */
export async function writeSweep(
  trx: Transaction,
  site: LockedSite,
  changes: SweepChanges,
  sweep: Sweep,
): Promise<void> {
  const meters = [...changes.meters].map(([key, change]) => meterRow(site, key, change));
  await writeClouds(trx, site, changes.clouds);
  await writeProjects(trx, site);
  await writeNames(trx, site, changes);
  await writeResources(trx, site);
  await writeEpochs(trx, site, changes.epochs);
  await writeMeters(trx, site, meters);
  await writeEntries(trx, site.siteId, meters);
  await writeCoverage(trx, site, coverageRows(site, changes.clouds));
  await writeNewGaps(trx, site, changes.clouds, meters);
  await writeAnomalies(trx, site.siteId, anomalyRows(meters));
  await writeRefusals(trx, site, sweep);
  await writeState(trx, site, changes, sweep);
}

async function writeNewGaps(
  trx: Transaction,
  site: LockedSite,
  clouds: ReadonlyMap<string, CloudChange>,
  meters: readonly MeterRow[],
): Promise<void> {
  const ofClouds = [...clouds].flatMap(([cloud, { gaps }]) =>
    gaps.map((gap) => ({ cloudId: site.clouds.idOf(cloud), ...gap })),
  );
  const ofMeters = meters.flatMap(({ meterId, change }) => change.gaps.map((gap) => ({ meterId, ...gap })));
  await writeCloudGaps(trx, site.siteId, ofClouds);
  await writeMeterGaps(trx, site, ofMeters);
}

function meterRow(site: LockedSite, key: string, change: MeterChange): MeterRow {
  return {
    meterId: site.meters.idOf(key),
    projectId: site.projects.idOf(projectKey(change.identity)),
    resourceId: site.resources.idOf(change.identity.resource),
    epochId: site.epochs.idOf(change.meter.epoch),
    change,
  };
}

async function writeClouds(
  trx: Transaction,
  site: LockedSite,
  clouds: SweepChanges['clouds'],
): Promise<void> {
  if (clouds.size === 0) return;
  const rows = [...clouds].map(([name, { progress }]) => ({ id: site.clouds.idOf(name), name, progress }));
  await sql`
    INSERT INTO ledger.cloud (site_id, cloud_id, name, first_ms, prior_ms, last_ms)
    SELECT ${site.siteId}, * FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${rows.map(({ name }) => name)}::text[],
      ${numberArray(rows.map(({ progress }) => progress.firstMs))}::bigint[],
      ${numberArray(rows.map(({ progress }) => progress.priorMs))}::bigint[],
      ${numberArray(rows.map(({ progress }) => progress.lastMs))}::bigint[])
    ON CONFLICT (site_id, cloud_id) DO UPDATE SET prior_ms = excluded.prior_ms, last_ms = excluded.last_ms`.execute(
    trx,
  );
}

async function writeProjects(trx: Transaction, { siteId, projects, clouds }: LockedSite): Promise<void> {
  if (projects.added.length === 0) return;
  const rows = projects.added.map(({ id, key }) => ({ id, ...partsOf(key) }));
  await sql`
    INSERT INTO ledger.project (site_id, project_id, cloud_id, key)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${numberArray(rows.map(({ cloud }) => clouds.idOf(cloud)))}::int[],
      ${rows.map(({ projectId }) => projectId)}::text[])`.execute(trx);
}

function partsOf(key: string): { cloud: string; projectId: string } {
  const [cloud = '', projectId = ''] = key.split('\0');
  return { cloud, projectId };
}

async function writeNames(trx: Transaction, site: LockedSite, { names }: SweepChanges): Promise<void> {
  if (names.size === 0) return;
  const changed = [...names].map(([key, change]) => ({ id: site.projects.idOf(key), names: change.names }));
  await sql`
    UPDATE ledger.project_name n SET to_ms = w.to_ms
    FROM unnest(
      ${numberArray(changed.map(({ id }) => id))}::int[],
      ${numberArray(changed.map((change) => change.names[0]?.sinceMs ?? 0))}::bigint[]) AS w (project_id, to_ms)
    WHERE n.site_id = ${site.siteId} AND n.project_id = w.project_id AND n.to_ms IS NULL`.execute(trx);
  const rows = changed.flatMap(({ id, names: list }) =>
    list.map((name, index) => ({ id, ...name, untilMs: list[index + 1]?.sinceMs ?? null })),
  );
  await sql`
    INSERT INTO ledger.project_name (site_id, project_id, from_ms, to_ms, project_name, domain_id, domain_name)
    SELECT ${site.siteId}, * FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${numberArray(rows.map(({ sinceMs }) => sinceMs))}::bigint[],
      ${rows.map(({ untilMs }) => untilMs)}::bigint[],
      ${rows.map(({ projectName }) => projectName)}::text[],
      ${rows.map(({ domainId }) => domainId)}::text[],
      ${rows.map(({ domainName }) => domainName)}::text[])`.execute(trx);
}

async function writeResources(trx: Transaction, { siteId, resources }: LockedSite): Promise<void> {
  if (resources.added.length === 0) return;
  await sql`
    INSERT INTO ledger.resource (site_id, resource_id, name)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(resources.added.map(({ id }) => id))}::int[],
      ${resources.added.map(({ key }) => key)}::text[])`.execute(trx);
}

async function writeEpochs(
  trx: Transaction,
  { siteId, epochs }: LockedSite,
  firstMs: SweepChanges['epochs'],
): Promise<void> {
  // One that came and went within the sweep is no meter's any more, but known from now on.
  for (const epoch of firstMs.keys()) epochs.idOf(epoch);
  if (epochs.added.length === 0) return;
  await sql`
    INSERT INTO ledger.epoch (site_id, epoch_id, name, first_ms)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(epochs.added.map(({ id }) => id))}::int[],
      ${epochs.added.map(({ key }) => key)}::text[],
      ${numberArray(epochs.added.map(({ key }) => firstMs.get(key) ?? 0))}::bigint[])`.execute(trx);
}

async function writeMeters(
  trx: Transaction,
  { siteId }: LockedSite,
  rows: readonly MeterRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO ledger.meter
      (site_id, meter_id, project_id, resource_id, epoch_id, opening, last_total, first_at_ms, last_at_ms)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ meterId }) => meterId))}::int[],
      ${numberArray(rows.map(({ projectId }) => projectId))}::int[],
      ${numberArray(rows.map(({ resourceId }) => resourceId))}::int[],
      ${numberArray(rows.map(({ epochId }) => epochId))}::int[],
      ${numberArray(rows.map(({ change }) => change.meter.opening))}::numeric[],
      ${numberArray(rows.map(({ change }) => change.meter.lastTotal))}::numeric[],
      ${numberArray(rows.map(({ change }) => change.meter.firstAtMs))}::bigint[],
      ${numberArray(rows.map(({ change }) => change.meter.lastAtMs))}::bigint[])
    ON CONFLICT (site_id, meter_id) DO UPDATE
    SET epoch_id = excluded.epoch_id, last_total = excluded.last_total, last_at_ms = excluded.last_at_ms`.execute(
    trx,
  );
}

async function writeRefusals(trx: Transaction, { siteId }: LockedSite, sweep: Sweep): Promise<void> {
  const { refusals, receivedAtMs } = sweep;
  if (refusals.length === 0) return;
  await sql`
    INSERT INTO ledger.refusal AS had (site_id, reason, first_at_ms, last_at_ms, series, last_series, example)
    SELECT ${siteId}, w.reason, ${receivedAtMs}, ${receivedAtMs}, sum(w.series), sum(w.series), min(w.example)
    FROM unnest(
      ${refusals.map(({ reason }) => reason)}::text[],
      ${numberArray(refusals.map(({ count }) => count))}::int[],
      ${refusals.map(({ example }: Refusal) => example)}::text[]) AS w (reason, series, example)
    GROUP BY w.reason
    ON CONFLICT (site_id, reason) DO UPDATE
    SET last_at_ms = excluded.last_at_ms, series = had.series + excluded.series,
        last_series = excluded.last_series, example = excluded.example`.execute(trx);
}

async function writeState(
  trx: Transaction,
  site: LockedSite,
  { anomalies }: SweepChanges,
  { receivedAtMs, refusals }: Sweep,
): Promise<void> {
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  await sql`
    UPDATE ledger.site_state
    SET next_id = ${site.counter.next}, last_sweep_ms = ${receivedAtMs}, last_success_ms = ${receivedAtMs},
        last_error = NULL, refused_series = ${refused},
        projects = projects + ${site.projects.added.length}, meters = meters + ${site.meters.added.length},
        anomalies = anomalies + ${anomalies}
    WHERE site_id = ${site.siteId}`.execute(trx);
}

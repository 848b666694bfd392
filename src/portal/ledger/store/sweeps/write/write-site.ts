import { prepared, sql, type Transaction } from '../../../../database/sql.ts';
import { eachInSteps } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import { afterSweep } from '../../../accounting/sites/sweep-runs.ts';
import { refusalSummary } from '../../../accounting/sweeps/refusals.ts';
import type { Refusal, Sweep } from '../../../ledger.ts';
import { numberArray } from '../../../../database/columns.ts';
import type { LockedSite } from '../load/lock-site.ts';
import type { SweepTally } from './sweep-tally.ts';
import { writeEndedRun } from './write-run.ts';

/** Writes the epochs, refusals and state of a site, after all parts of a sweep. */
export async function writeSite(
  trx: Transaction,
  site: LockedSite,
  tally: SweepTally,
  sweep: Sweep,
): Promise<void> {
  await writeEpochs(trx, site, tally.epochs, sweep);
  writeServerEpochs(trx, site, tally.serverEpochs);
  writeRefusals(trx, site, sweep);
  writeState(trx, site, tally, sweep);
}

async function writeEpochs(
  trx: Transaction,
  { siteId, epochs, clouds }: LockedSite,
  firstMs: SweepTally['epochs'],
  { readings }: Sweep,
): Promise<void> {
  // An epoch that starts and ends within the sweep belongs to no meter any more, but is known from now on.
  for (const epoch of firstMs.keys()) epochs.idOf(epoch);
  const added = epochs.takeAdded();
  if (added.length === 0) return;
  const cloudOf = new Map<string, string>();
  await inTurns(eachInSteps(readings, ({ epoch, cloud }) => void cloudOf.set(epoch, cloud)));
  trx.send(sql`
    INSERT INTO ledger.epoch (site_id, epoch_id, name, first_ms, cloud_id)
    SELECT ${siteId}, w.id, w.name, w.first_ms, CASE w.name WHEN '' THEN NULL ELSE w.cloud_id END FROM unnest(
      ${numberArray(added.map(({ id }) => id))}::int[],
      ${added.map(({ key }) => key)}::text[],
      ${numberArray(added.map(({ key }) => firstMs.get(key) ?? 0))}::bigint[],
      ${numberArray(added.map(({ key }) => clouds.idOf(cloudOf.get(key) ?? '')))}::int[]) AS w (id, name, first_ms, cloud_id)`);
}

function writeServerEpochs(
  trx: Transaction,
  { siteId, epochs }: LockedSite,
  firstMs: SweepTally['serverEpochs'],
): void {
  if (firstMs.size === 0) return;
  trx.send(sql`
    UPDATE ledger.epoch e SET server_first_ms = w.first_ms
    FROM unnest(
      ${numberArray([...firstMs.keys()].map((epoch) => epochs.idOf(epoch)))}::int[],
      ${numberArray([...firstMs.values()])}::bigint[]) AS w (epoch_id, first_ms)
    WHERE e.site_id = ${siteId} AND e.epoch_id = w.epoch_id`);
}

function writeRefusals(trx: Transaction, { siteId }: LockedSite, sweep: Sweep): void {
  const { refusals, receivedAtMs } = sweep;
  if (refusals.length === 0) return;
  trx.send(sql`
    INSERT INTO ledger.refusal AS had (site_id, reason, first_at_ms, last_at_ms, series, last_series, example)
    SELECT ${siteId}, w.reason, ${receivedAtMs}, ${receivedAtMs}, sum(w.series), sum(w.series), min(w.example)
    FROM unnest(
      ${refusals.map(({ reason }) => reason)}::text[],
      ${numberArray(refusals.map(({ count }) => count))}::int[],
      ${refusals.map(({ example }: Refusal) => example)}::text[]) AS w (reason, series, example)
    GROUP BY w.reason
    ON CONFLICT (site_id, reason) DO UPDATE
    SET last_at_ms = excluded.last_at_ms, series = had.series + excluded.series,
        last_series = excluded.last_series, example = excluded.example`);
}

function writeState(
  trx: Transaction,
  site: LockedSite,
  tally: SweepTally,
  { receivedAtMs, refusals, versions }: Sweep,
): void {
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  const error = refusalSummary(refusals);
  const outcome = error === null ? 'ok' : 'refused';
  const { run, ended } = afterSweep(site.run, { atMs: receivedAtMs, outcome, error });
  writeEndedRun(trx, site.siteId, ended);
  trx.send(prepared`
    UPDATE ledger.site_state
    SET next_id = ${site.counter.next}, last_sweep_ms = ${receivedAtMs}, last_success_ms = ${receivedAtMs},
        last_error = ${error}, refused_series = ${refused},
        projects = projects + ${tally.additions.projects}, meters = meters + ${tally.additions.meters},
        anomalies = anomalies + ${tally.outcome.anomalies}, run_from_ms = ${run.fromMs}, run_sweeps = ${run.sweeps},
        exporter_versions = coalesce(${versions ?? null}::text[], exporter_versions)
    WHERE site_id = ${site.siteId}`);
}

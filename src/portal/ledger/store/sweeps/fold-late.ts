import { sql, type Transaction } from '../../../database/sql.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { coursesOf } from '../../accounting/sites/courses.ts';
import {
  correctClouds,
  correctMeters,
  type CloudCorrection,
  type MeterCorrection,
} from '../../accounting/sweeps/late.ts';
import type { Anomaly } from '../../accounting/meters/meter.ts';
import { partsOfSweep } from '../../accounting/sweeps/parts-of-sweep.ts';
import { foldReadings } from '../../accounting/sweeps/sweep.ts';
import { meterKey } from '../../accounting/meters/identity.ts';
import type { FoldOutcome, LateOutcome, Sweep } from '../../ledger.ts';
import { inBatches, numberArray } from '../../../database/columns.ts';
import { loadCloudGaps, loadMeterGapBook } from './load/load-gaps.ts';
import { loadPart, type LoadedPart } from './load/load-part.ts';
import type { LockedSite } from './load/lock-site.ts';
import { SweepTally } from './write/sweep-tally.ts';
import { writeAnomalies } from './write/write-anomalies.ts';
import { writeCourses } from './write/write-courses.ts';
import { writeCoverage } from './write/write-coverage.ts';
import { removeGaps, writeCloudGaps, writeMeterGaps } from './write/write-gaps.ts';
import { addToDays, type EntryRow } from './write/write-entries.ts';
import { changedPart, writePart } from './write/write-part.ts';
import { writeSite } from './write/write-site.ts';

/**
 * The number of readings that are folded at once. It is small because each reading may correct all hours of a month, which
 * are then in memory.
 */
const READINGS_IN_PART = 500;

/** Corrects spread usage with late readings, and folds all other readings, in one transaction. */
export async function foldLateIntoSite(
  trx: Transaction,
  site: LockedSite,
  sweep: Sweep,
  readingsInPart = READINGS_IN_PART,
): Promise<LateOutcome & FoldOutcome> {
  const { readings, receivedAtMs } = sweep;
  const { rules } = site;
  const outcome: LateOutcome = { replaced: 0, folded: 0, ignored: 0 };
  const tally = new SweepTally();
  if (readings.length > 0)
    await writeCloudCorrections(
      trx,
      site,
      await inTurns(correctClouds(await loadCloudGaps(trx, site, readings), readings, rules)),
    );
  const courses = await inTurns(coursesOf(site.progress, readings, rules));
  await writeCourses(trx, site, courses);
  for (const late of await inTurns(partsOfSweep(readings, readingsInPart))) {
    const part = await loadPart(trx, site, late);
    // A project may have thousands of flavors and states, so its corrections are not all in memory at once.
    for (const some of await inTurns(partsOfSweep(late, readingsInPart, meterKey))) {
      const { meters, used } = await inTurns(
        correctMeters(await loadMeterGapBook(trx, part, some), some, rules),
      );
      await writeMeterCorrections(trx, part, meters, receivedAtMs);
      outcome.replaced += meters.length;
      outcome.ignored -= used;
    }
    const changes = await inTurns(foldReadings(part.book, courses, late, rules));
    tally.add(changes, await writePart(trx, changedPart(part, changes)));
  }
  await writeSite(trx, site, tally, sweep);
  const { folded, ignored, anomalies } = tally.outcome;
  return { ...outcome, folded, ignored: outcome.ignored + ignored, anomalies };
}

/** Joins the parts of an answer to one sweep. */
export function joined(sweeps: readonly Sweep[]): Sweep {
  return {
    receivedAtMs: sweeps.reduce((latest, { receivedAtMs }) => Math.max(latest, receivedAtMs), 0),
    readings: sweeps.flatMap(({ readings }) => readings),
    refusals: sweeps.flatMap(({ refusals }) => refusals),
  };
}

async function writeMeterCorrections(
  trx: Transaction,
  site: LoadedPart,
  meters: readonly MeterCorrection[],
  bookedAtMs: number,
): Promise<void> {
  const { siteId } = site;
  const byId = meters.map((change) => ({ meterId: site.meters.idOf(change.key), ...change }));
  const rowsOf = function* <Row>(list: (change: MeterCorrection) => Iterable<Row>) {
    for (const change of byId) for (const row of list(change)) yield { meterId: change.meterId, ...row };
  };
  const ended = byId.map(({ meterId: id, gap: { toMs } }) => ({ id, toMs }));
  await removeGaps(trx, siteId, 'meter', ended);
  await writeMeterGaps(
    trx,
    site,
    rowsOf(({ open }) => open),
  );
  await inBatches(
    rowsOf(({ entries }) => entries),
    async (batch) => await writeLateBatch(trx, siteId, batch, bookedAtMs),
  );
  await writeAnomalies(trx, siteId, rowsOf(anomalyOf));
}

function anomalyOf({ gap, correction }: MeterCorrection): Anomaly[] {
  return correction === 0n ? [] : [{ kind: 'late-truth', atMs: gap.toMs, correction }];
}

async function writeCloudCorrections(
  trx: Transaction,
  site: LockedSite,
  clouds: readonly CloudCorrection[],
): Promise<void> {
  const rowsOf = function* <Row>(list: (change: CloudCorrection) => Iterable<Row>) {
    for (const change of clouds) {
      const cloudId = site.clouds.idOf(change.cloud);
      for (const row of list(change)) yield { cloudId, ...row };
    }
  };
  const ended = clouds.map(({ cloud, gap: { toMs } }) => ({ id: site.clouds.idOf(cloud), toMs }));
  await removeGaps(trx, site.siteId, 'cloud', ended);
  await writeCloudGaps(
    trx,
    site.siteId,
    rowsOf(({ open }) => open),
  );
  await writeCoverage(
    trx,
    site,
    rowsOf(({ coverage }) => coverage),
  );
}

/** Moves amounts between hours, records the moves, and removes hours without usage. */
async function writeLateBatch(
  trx: Transaction,
  siteId: number,
  entries: readonly EntryRow[],
  bookedAtMs: number,
): Promise<void> {
  const rows = sql`
    SELECT w.meter_id, w.hour, sum(w.amount) AS amount, sum(w.spread) AS spread
    FROM unnest(
      ${numberArray(entries.map(({ meterId }) => meterId))}::int[],
      ${numberArray(entries.map(({ hour }) => hour))}::int[],
      ${numberArray(entries.map(({ amount }) => amount))}::bigint[],
      ${numberArray(entries.map(({ spread }) => spread))}::bigint[]) AS w (meter_id, hour, amount, spread)
    GROUP BY w.meter_id, w.hour`;
  await trx.query(sql`
    INSERT INTO ledger.late_entry AS had (site_id, meter_id, hour, booked_at_ms, amount, spread)
    SELECT ${siteId}, n.meter_id, n.hour, ${bookedAtMs}, n.amount, n.spread FROM (${rows}) n
    ON CONFLICT (site_id, meter_id, hour, booked_at_ms) DO UPDATE
    SET amount = had.amount + excluded.amount, spread = had.spread + excluded.spread`);
  await trx.query(sql`
    INSERT INTO ledger.entry AS had (site_id, meter_id, hour, amount, spread)
    SELECT ${siteId}, n.meter_id, n.hour, n.amount, n.spread FROM (${rows}) n
    ON CONFLICT (site_id, meter_id, hour) DO UPDATE
    SET amount = had.amount + excluded.amount, spread = had.spread + excluded.spread`);
  await addToDays(trx, siteId, entries);
  await trx.query(sql`
    DELETE FROM ledger.entry e USING (${rows}) n
    WHERE e.site_id = ${siteId} AND e.meter_id = n.meter_id AND e.hour = n.hour
      AND e.amount = 0 AND e.spread = 0`);
}

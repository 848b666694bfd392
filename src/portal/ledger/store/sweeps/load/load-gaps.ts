import { sql, type Queryable } from '../../../../database/sql.ts';
import { eachInSteps, type Steps } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import type { Interval, MeterGap } from '../../../accounting/meters/gap.ts';
import { mayChangeEpoch, type MeterGapBook } from '../../../accounting/sweeps/late.ts';
import { meterKey } from '../../../accounting/meters/identity.ts';
import type { Gap, Reading } from '../../../ledger.ts';
import { inBatches, numberArray } from '../../../../database/columns.ts';
import type { LoadedPart } from './load-part.ts';
import { loadUsualHours } from './load-usual-hours.ts';
import type { LockedSite } from './lock-site.ts';

/** The gaps of a site, the oldest first. */
export async function listGaps(database: Queryable, site: string): Promise<Gap[]> {
  const { rows } = await database.query<{ cloud: string; from_ms: string; to_ms: string }>(sql`
    SELECT c.name AS cloud, g.from_ms, g.to_ms
    FROM ledger.cloud_gap g JOIN ledger.cloud c USING (site_id, cloud_id) JOIN ledger.site s USING (site_id)
    WHERE s.name = ${site} ORDER BY g.from_ms, c.name`);
  return rows.map(({ cloud, from_ms, to_ms }) => ({ cloud, fromMs: Number(from_ms), toMs: Number(to_ms) }));
}

/** The gaps of the loaded meters that have a reading inside. So a site cannot fill the memory with its other gaps. */
export async function loadMeterGapBook(
  trx: Queryable,
  site: LoadedPart,
  readings: readonly Reading[],
): Promise<MeterGapBook> {
  const meters = await loadMeterGaps(trx, site, readings);
  const changing = await inTurns(mayChangeEpoch(meters, readings));
  const known = new Map([...site.book.meters].filter(([key]) => changing.has(key)));
  return { meters, usualHours: await loadUsualHours(trx, site.siteId, known) };
}

function* spanOf(readings: readonly Reading[]): Steps<Interval> {
  const span = { fromMs: Infinity, toMs: -Infinity };
  yield* eachInSteps(readings, ({ atMs }) => {
    span.fromMs = Math.min(span.fromMs, atMs);
    span.toMs = Math.max(span.toMs, atMs);
  });
  return span;
}

/** The gaps of clouds within the time of the readings, by name of the cloud. */
export async function loadCloudGaps(
  trx: Queryable,
  { siteId }: LockedSite,
  readings: readonly Reading[],
): Promise<Map<string, Interval[]>> {
  const { fromMs, toMs } = await inTurns(spanOf(readings));
  const { rows } = await trx.query<{ name: string; from_ms: string; to_ms: string }>(sql`
    SELECT c.name, g.from_ms, g.to_ms FROM ledger.cloud_gap g JOIN ledger.cloud c USING (site_id, cloud_id)
    WHERE g.site_id = ${siteId} AND g.to_ms > ${fromMs}::bigint AND g.from_ms < ${toMs}::bigint`);
  const book = new Map<string, Interval[]>();
  const take = ({ name, from_ms, to_ms }: (typeof rows)[number]) => {
    addTo(book, name, { fromMs: Number(from_ms), toMs: Number(to_ms) });
  };
  await inTurns(eachInSteps(rows, take));
  return book;
}

interface MeterGapRecord {
  meter_id: number;
  from_ms: string;
  to_ms: string;
  from_epoch_id: number;
  to_epoch_id: number;
  from_epoch: string;
  to_epoch: string;
  from_total: string;
  to_total: string;
  amount: string;
}

async function loadMeterGaps(
  trx: Queryable,
  { siteId, book, epochs }: LoadedPart,
  readings: readonly Reading[],
): Promise<Map<string, MeterGap[]>> {
  const keys = new Map(Array.from(book.meters, ([key, { id }]) => [id, key]));
  const gaps = new Map<string, MeterGap[]>();
  const seen = new Set<string>(); // readings of several batches may lie in one gap
  const learn = async (batch: readonly MeterInstant[]) => {
    for (const row of await loadGapsAround(trx, siteId, batch)) {
      const place = `${row.meter_id} ${row.to_ms}`;
      if (seen.has(place)) continue;
      seen.add(place);
      epochs.learn(row.from_epoch, row.from_epoch_id);
      epochs.learn(row.to_epoch, row.to_epoch_id);
      addTo(gaps, keys.get(row.meter_id) ?? '', gapOf(row));
    }
  };
  await inBatches(instantsOf(book.meters, readings), learn);
  return gaps;
}

interface MeterInstant {
  meterId: number;
  atMs: number;
}

function* instantsOf(
  meters: ReadonlyMap<string, { id: number }>,
  readings: readonly Reading[],
): Generator<MeterInstant> {
  for (const reading of readings) {
    const meterId = meters.get(meterKey(reading))?.id;
    if (meterId !== undefined) yield { meterId, atMs: reading.atMs };
  }
}

/** The gaps of a meter do not overlap, so the first one that ends after an instant is the only one around it. */
async function loadGapsAround(
  trx: Queryable,
  siteId: number,
  instants: readonly MeterInstant[],
): Promise<MeterGapRecord[]> {
  const { rows } = await trx.query<MeterGapRecord>(sql`
    SELECT g.*, one.name AS from_epoch, other.name AS to_epoch
    FROM (
      SELECT DISTINCT next.*
      FROM unnest(
        ${numberArray(instants.map(({ meterId }) => meterId))}::int[],
        ${numberArray(instants.map(({ atMs }) => atMs))}::bigint[]) AS r (meter_id, at_ms)
      CROSS JOIN LATERAL (
        SELECT * FROM ledger.meter_gap
        WHERE site_id = ${siteId} AND meter_id = r.meter_id AND to_ms > r.at_ms ORDER BY to_ms LIMIT 1) AS next
      WHERE next.from_ms < r.at_ms) g
    JOIN ledger.epoch one ON one.site_id = g.site_id AND one.epoch_id = g.from_epoch_id
    JOIN ledger.epoch other ON other.site_id = g.site_id AND other.epoch_id = g.to_epoch_id`);
  return rows;
}

/** Extends a list in place: a copy for each gap would cost the square of their number. */
function addTo<One>(lists: Map<string, One[]>, key: string, one: One): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}

function gapOf(row: MeterGapRecord): MeterGap {
  return {
    fromMs: Number(row.from_ms),
    toMs: Number(row.to_ms),
    fromTotal: BigInt(row.from_total),
    fromEpoch: row.from_epoch,
    toTotal: BigInt(row.to_total),
    toEpoch: row.to_epoch,
    amount: BigInt(row.amount),
  };
}

import { sql, type Kysely } from 'kysely';
import { USUAL_HOURS } from '../accounting/meter.ts';
import { hourBefore } from '../accounting/hours.ts';
import { meterKey } from '../accounting/sweep.ts';
import type { Reading } from '../ledger.ts';
import { numberArray } from './columns.ts';
import type { KnownMeter } from './load-meters.ts';

/** The meters that have a reading of another epoch than their last. */
export function metersOfOtherEpochs(
  meters: readonly KnownMeter[],
  readings: readonly Reading[],
): KnownMeter[] {
  const epochs = new Set([...meters.map(({ state }) => state.epoch), ...readings.map(({ epoch }) => epoch)]);
  if (epochs.size < 2) return [];
  const known = new Map(meters.map((meter) => [meter.key, meter]));
  const changing = new Set<KnownMeter>();
  for (const reading of readings) {
    const meter = known.get(meterKey(reading));
    if (meter !== undefined && meter.state.epoch !== reading.epoch) changing.add(meter);
  }
  return [...changing];
}

/** By `meterKey`: the largest usage of an hour in the week up to the meter's last reading (rule A4). */
export async function loadUsualHours(
  trx: Kysely<unknown>,
  siteId: number,
  meters: readonly Pick<KnownMeter, 'id' | 'key' | 'state'>[],
): Promise<Map<string, bigint>> {
  if (meters.length === 0) return new Map();
  const keys = new Map(meters.map(({ id, key }) => [id, key]));
  const { rows } = await sql<{ meter_id: number; amount: string }>`
    SELECT meter_id, max(amount) AS amount FROM (
    SELECT e.meter_id, e.hour, sum(e.amount) AS amount
    FROM unnest(
      ${numberArray(meters.map(({ id }) => id))}::int[],
      ${numberArray(meters.map(({ state }) => hourBefore(state.lastAtMs)))}::int[]) AS w (meter_id, hour)
    JOIN ledger.hourly e ON e.site_id = ${siteId} AND e.meter_id = w.meter_id
      AND e.last_hour > w.hour - ${USUAL_HOURS}::int AND e.first_hour <= w.hour
      AND e.hour > w.hour - ${USUAL_HOURS}::int AND e.hour <= w.hour
    GROUP BY e.meter_id, e.hour) hours
    GROUP BY meter_id`.execute(trx);
  return new Map(rows.map(({ meter_id, amount }) => [keys.get(meter_id) ?? '', BigInt(amount)]));
}

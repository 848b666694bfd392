import { sql, type Queryable } from '../../../../database/sql.ts';
import { USUAL_HOURS } from '../../../accounting/meters/meter.ts';
import { hourBefore } from '../../../accounting/meters/hours.ts';
import { BY_INDEX, numberArray } from '../../../../database/columns.ts';
import type { KnownMeter } from './load-meters.ts';

/** The largest usage of an hour in the week before each meter's last reading (rule A4), by `meterKey`. */
export async function loadUsualHours(
  trx: Queryable,
  siteId: number,
  meters: ReadonlyMap<string, KnownMeter>,
): Promise<Map<string, bigint>> {
  if (meters.size === 0) return new Map();
  const keys = new Map(Array.from(meters, ([key, { id }]) => [id, key]));
  const all = [...meters.values()];
  const { rows } = await trx.query<{ meter_id: number; amount: string }>(sql`
    SELECT w.meter_id, max(h.amount) AS amount
    FROM unnest(
      ${numberArray(all.map(({ id }) => id))}::int[],
      ${numberArray(all.map(({ lastAtMs }) => hourBefore(lastAtMs)))}::int[]) AS w (meter_id, hour)
    CROSS JOIN LATERAL (
      SELECT sum(e.amount) AS amount FROM ledger.hourly e
      WHERE e.site_id = ${siteId} AND e.meter_id = w.meter_id
        AND e.last_hour > w.hour - ${USUAL_HOURS}::int AND e.first_hour <= w.hour
        AND e.hour > w.hour - ${USUAL_HOURS}::int AND e.hour <= w.hour
      GROUP BY e.hour ${BY_INDEX}) h
    GROUP BY w.meter_id`);
  return new Map(rows.map(({ meter_id, amount }) => [keys.get(meter_id) ?? '', BigInt(amount)]));
}

/** The correction of each meter's last reading, if it was a jump, by `meterKey`. */
export async function loadJumps(
  trx: Queryable,
  siteId: number,
  meters: ReadonlyMap<string, KnownMeter>,
): Promise<Map<string, bigint>> {
  const keys = new Map(Array.from(meters, ([key, { id }]) => [id, key]));
  if (keys.size === 0) return new Map();
  const { rows } = await trx.query<{ meter_id: number; correction: string }>(sql`
    SELECT a.meter_id, a.correction FROM ledger.anomaly a JOIN ledger.meter m USING (site_id, meter_id)
    WHERE a.site_id = ${siteId} AND a.meter_id = ANY(${numberArray([...keys.keys()])}::int[])
      AND a.kind = 'base-moved' AND a.last_at_ms = m.last_at_ms`);
  return new Map(rows.map(({ meter_id, correction }) => [keys.get(meter_id) ?? '', BigInt(correction)]));
}

import { sql, type Sql } from '../../../../database/sql.ts';
import { hoursBetween } from '../../../grant-links.ts';
import { dayOf, firstMonthOf, type HourRange } from '../../../steps.ts';

/** The meters of a question, and how their sums are read. */
export interface SummedMeters {
  /** A common table `m` with site_id, meter_id, open_hour, open_amount and open_spread of each meter. */
  table: Sql;
  /** The columns of `m` that a sum begins with. */
  columns: Sql;
  /** Conditions on the rows `e` of sums. */
  where: Sql;
  /** Whether they are all meters of their sites. */
  isOfAll: boolean;
  /** Whether `columns` are the site_id and meter_id of all meters: sums have them without `m`. */
  isByMeter: boolean;
  /** There is no usage from this hour on, as far as known. */
  endHour: number;
}

/** Joins the meters `m` to rows `e`, if anything of them is needed. */
export function joinedMeters({ table, isByMeter }: SummedMeters): Sql {
  return isByMeter ? sql`` : sql`JOIN ${table} m USING (site_id, meter_id)`;
}

/** The sums of a part of a day: one of each meter, at the first hour of the part. */
interface Part {
  meters: SummedMeters;
  atHour: number;
}

/**
 * Selects the usage of a part of a day. If the rest of the day has less usage, the part is the whole day without the rest:
 * days have the fewest rows, and the hours that are still to come have none.
 */
export function usageOfDayPart(meters: SummedMeters, range: HourRange): Sql[] {
  const part = { meters, atHour: range.fromHour };
  const day = dayOf(range.fromHour);
  const rest = hoursBetween(day, [range]);
  const used = ({ fromHour, toHour }: HourRange) => Math.max(0, Math.min(toHour, meters.endHour) - fromHour);
  if (used(range) <= rest.reduce((sum, hours) => sum + used(hours), 0)) return sumsOfHours(part, range);
  return [...sumsOfDay(part, day), ...rest.flatMap((hours) => sumsOfHours(part, hours, sql`-`))];
}

function sumsOfHours({ meters, atHour }: Part, { fromHour, toHour }: HourRange, sign = sql``): Sql[] {
  const { table, columns, where, isOfAll } = meters;
  const sum = (list: Sql) =>
    sql`${sign}(SELECT coalesce(sum(a), 0) FROM unnest(${list}[${fromHour}::int - e.first_hour + 1 : ${toHour}::int - e.first_hour]) AS a)`;
  return [
    sql`
        SELECT ${columns}, ${atHour}::int, ${sign}e.amount, ${sign}e.spread
        FROM (
          SELECT e.site_id, e.meter_id, sum(e.amount) AS amount, sum(e.spread) AS spread
          FROM ledger.entry e ${isOfAll ? sql`` : sql`JOIN ${table} m USING (site_id, meter_id)`}
          WHERE ${where} AND e.hour >= ${fromHour}::int AND e.hour < ${toHour}::int GROUP BY 1, 2
        ) e ${joinedMeters(meters)}`,
    sql`
        SELECT ${columns}, ${atHour}::int, ${sum(sql`e.hour_amounts`)}, ${sum(sql`e.hour_spreads`)}
        ${packedMonths(meters, dayOf(fromHour))}`,
  ];
}

function sumsOfDay({ meters, atHour }: Part, day: HourRange): Sql[] {
  const { columns, where } = meters;
  const ofDay = (list: Sql) => sql`coalesce(${list}[(${day.fromHour}::int - e.first_hour) / 24 + 1], 0)`;
  return [
    sql`
        SELECT ${columns}, ${atHour}::int, e.amount, e.spread FROM ledger.day e ${joinedMeters(meters)}
        WHERE ${where} AND e.hour = ${day.fromHour}::int`,
    sql`
        SELECT ${columns}, ${atHour}::int, ${ofDay(sql`e.day_amounts`)}, ${ofDay(sql`e.day_spreads`)}
        ${packedMonths(meters, day)}`,
  ];
}

/** The months with a day, at sites that have packed it: before, months have nothing of it. */
function packedMonths(meters: SummedMeters, day: HourRange): Sql {
  return sql`
        FROM ledger.month e ${joinedMeters(meters)}
        WHERE ${meters.where} AND e.first_hour = ${firstMonthOf(day)}::int
          AND EXISTS (SELECT FROM ledger.cloud_day d WHERE d.site_id = e.site_id AND d.hour = ${day.fromHour}::int)`;
}

import { join, sql, type Sql } from '../../../../database/sql.ts';
import type { UsageStep } from '../../../ledger.ts';
import { daysOf, firstMonthOf, piecesOf, type HourRange } from '../../../steps.ts';
import { joinedMeters, usageOfDayPart, type SummedMeters } from './day-part.ts';

/** Meters, each with a window of time. */
export interface Windows extends SummedMeters {
  /** The window of `m`. */
  fromHour: Sql;
  toHour: Sql;
  /** The hours in which all windows lie. */
  range: HourRange;
}

/** The days of clouds `m` that may stand for the packed days of their meters. */
export interface CloudDays {
  columns: Sql;
  where: Sql;
}

/**
 * Selects usage in a range: the columns, then hour, amount and spread. The hour lies in the step, and an amount is the sum of
 * as much of the step as one row of the ledger has. Hours are read only where the range begins or ends within a day, and days
 * of meters only where it begins or ends within a month.
 */
export function usageOfRange(
  step: UsageStep,
  windows: Omit<Windows, 'fromHour' | 'toHour'>,
  ofClouds?: CloudDays,
): Sql {
  const inside = (range: HourRange): Windows => ({
    ...windows,
    range,
    fromHour: sql`${range.fromHour}::int`,
    toHour: sql`${range.toHour}::int`,
  });
  const pieces = piecesOf(step, windows.range);
  const sums = pieces.flatMap(({ sumsOf, ...range }) => {
    if (sumsOf !== 'hours' && ofClouds !== undefined) return [cloudDays(ofClouds, range)];
    if (sumsOf === 'months') return [wholeMonths(inside(range))];
    if (sumsOf === 'days') return [step === 'day' ? eachDay(inside(range)) : sumOfDays(inside(range))];
    if (step === 'hour') return [entries(inside(range)), eachHour(inside(range))];
    return daysOf(range).flatMap((part) => usageOfDayPart(windows, part));
  });
  const whole = pieces.filter(({ sumsOf }) => sumsOf !== 'hours');
  const [first, last] = [whole.at(0), whole.at(-1)];
  if (first !== undefined && last !== undefined)
    sums.push(unpackedDays(inside({ fromHour: first.fromHour, toHour: last.toHour })));
  return join([openHours(inside(windows.range)), ...sums], ' UNION ALL ');
}

/** Selects packed days of clouds: as many rows as days and resources, however many meters there are. */
function cloudDays({ columns, where }: CloudDays, { fromHour, toHour }: HourRange): Sql {
  return sql`
        SELECT ${columns}, m.hour, m.amount, m.spread FROM ledger.cloud_day m
        WHERE ${where} AND m.hour >= ${fromHour}::int AND m.hour < ${toHour}::int`;
}

/** Like `usageOfRange`, for windows of any length, of which each meter may have several. */
export function usageOfWindows(step: UsageStep, windows: Windows): Sql {
  const sums = [openHours(windows)];
  if (step === 'hour') sums.push(entries(windows), eachHour(windows));
  else {
    const edges = edgesOf(windows);
    sums.push(unpackedDays(windows), entries(edges), sumOfHours(edges));
    if (step === 'day') sums.push(eachDay(windows));
    else
      sums.push(
        wholeMonths(windows),
        sumOfDays({ ...windows, where: sql`${windows.where} AND NOT (${isWholeMonth(windows)})` }),
      );
  }
  return join(sums, ' UNION ALL ');
}

/** The hours of windows that lie in a day of which another part is outside. */
function edgesOf({ table, fromHour, toHour, ...windows }: Windows): Windows {
  const [first, last] = [dayFrom(fromHour), dayUpTo(toHour)];
  return {
    ...windows,
    table: sql`(
      SELECT m.*, w.* FROM ${table} m CROSS JOIN LATERAL (
        VALUES (${fromHour}, least(${first}, ${toHour})), (greatest(${first}, ${last}), ${toHour})
      ) AS w (edge_from, edge_to)
      WHERE w.edge_from < w.edge_to)`,
    fromHour: sql`m.edge_from`,
    toHour: sql`m.edge_to`,
  };
}

/** The first day that begins at the hour or later, and the last one that begins at the hour or before. */
const dayFrom = (hour: Sql) => sql`(${hour} + 23 - (${hour} + 23) % 24)`;
const dayUpTo = (hour: Sql) => sql`(${hour} - ${hour} % 24)`;

function openHours({ table, columns, fromHour, toHour }: Windows): Sql {
  return sql`
        SELECT ${columns}, m.open_hour AS hour, m.open_amount AS amount, m.open_spread AS spread FROM ${table} m
        WHERE m.open_hour >= ${fromHour} AND m.open_hour < ${toHour} AND (m.open_amount <> 0 OR m.open_spread <> 0)`;
}

function entries(windows: Windows): Sql {
  const { columns, where, fromHour, toHour, range } = windows;
  return sql`
        SELECT ${columns}, e.hour, e.amount, e.spread FROM ledger.entry e ${joinedMeters(windows)}
        WHERE ${where} AND e.hour >= ${fromHour} AND e.hour < ${toHour}
          AND e.hour >= ${range.fromHour}::int AND e.hour < ${range.toHour}::int`;
}

function unpackedDays(windows: Windows): Sql {
  const { columns, where, fromHour, toHour } = windows;
  return sql`
        SELECT ${columns}, e.hour, e.amount, e.spread FROM ledger.day e ${joinedMeters(windows)}
        WHERE ${where} AND e.hour >= ${fromHour} AND e.hour + 24 <= ${toHour}`;
}

const isWholeMonth = ({ fromHour, toHour }: Windows) =>
  sql`e.first_hour >= ${fromHour} AND e.last_hour < ${toHour}`;

/** The index on sums of months has all columns that this needs. */
function wholeMonths(windows: Windows): Sql {
  const { columns, where } = windows;
  return sql`
        SELECT ${columns}, e.first_hour, e.amount, e.spread FROM ledger.month e ${joinedMeters(windows)}
        WHERE ${where} AND ${isWholeMonth(windows)} AND ${ofMonths(windows)}`;
}

/** The rows `e` of months that a window touches. The first hours of months bound the rows that the database reads. */
function ofMonths({ fromHour, toHour, range }: Windows): Sql {
  return sql`e.first_hour < ${toHour} AND e.last_hour >= ${fromHour}
          AND e.first_hour >= ${firstMonthOf(range)}::int AND e.first_hour < ${range.toHour}::int`;
}

/** A part of the hours or days of a month. One amount is for this many hours. */
function slice(amounts: Sql, hoursOfOne: number, fromHour: Sql, toHour: Sql): Sql {
  return sql`${amounts}[(${fromHour} - e.first_hour) / ${hoursOfOne}::int + 1 : (${toHour} - e.first_hour) / ${hoursOfOne}::int]`;
}

interface PackedSums {
  amounts: Sql;
  spreads: Sql;
  hoursOfOne: number;
  /** The whole days or hours of the window within the month. */
  fromHour: Sql;
  toHour: Sql;
}

function hoursOf({ fromHour, toHour }: Windows): PackedSums {
  return {
    amounts: sql`e.hour_amounts`,
    spreads: sql`e.hour_spreads`,
    hoursOfOne: 1,
    fromHour: sql`greatest(${fromHour}, e.first_hour)`,
    toHour: sql`least(${toHour}, e.last_hour + 1)`,
  };
}

function wholeDaysOf(windows: Windows): PackedSums {
  const { fromHour, toHour } = hoursOf(windows);
  return {
    amounts: sql`e.day_amounts`,
    spreads: sql`e.day_spreads`,
    hoursOfOne: 24,
    fromHour: dayFrom(fromHour),
    toHour: dayUpTo(toHour),
  };
}

const eachHour = (windows: Windows) => each(windows, hoursOf(windows));
const eachDay = (windows: Windows) => each(windows, wholeDaysOf(windows));
const sumOfHours = (windows: Windows) => sumOf(windows, hoursOf(windows));
const sumOfDays = (windows: Windows) => sumOf(windows, wholeDaysOf(windows));

/** A row for each hour or day. */
function each(windows: Windows, { amounts, spreads, hoursOfOne, fromHour, toHour }: PackedSums): Sql {
  const { columns, where } = windows;
  return sql`
        SELECT ${columns}, ${fromHour} + ${hoursOfOne}::int * (u.i::int - 1), u.amount, coalesce(u.spread, 0)
        FROM ledger.month e ${joinedMeters(windows)},
             unnest(${slice(amounts, hoursOfOne, fromHour, toHour)}, ${slice(spreads, hoursOfOne, fromHour, toHour)}) WITH ORDINALITY AS u (amount, spread, i)
        WHERE ${where} AND ${ofMonths(windows)} AND (u.amount <> 0 OR u.spread <> 0)`;
}

/** One row for each month: the sum of its hours or days in the window. */
function sumOf(windows: Windows, { amounts, spreads, hoursOfOne, fromHour, toHour }: PackedSums): Sql {
  const { columns, where } = windows;
  const sum = (list: Sql) =>
    sql`(SELECT coalesce(sum(a), 0) FROM unnest(${slice(list, hoursOfOne, fromHour, toHour)}) AS a)`;
  return sql`
        SELECT ${columns}, greatest(${windows.fromHour}, e.first_hour), ${sum(amounts)}, ${sum(spreads)}
        FROM ledger.month e ${joinedMeters(windows)}
        WHERE ${where} AND ${ofMonths(windows)}`;
}

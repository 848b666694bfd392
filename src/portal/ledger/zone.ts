import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';

/** A time from which on local time is this many hours ahead of UTC. */
interface Offset {
  fromHour: number;
  hours: number;
}

/** The offsets of a time zone in order. The first holds for all time before, too. */
export type Zone = readonly Offset[];

export const UTC: Zone = [{ fromHour: -Infinity, hours: 0 }];

/** Local time as a number: the hour at which a clock of UTC shows the same. */
export function localOf(zone: Zone, hour: number): number {
  const offset = zone.findLast(({ fromHour }) => fromHour <= hour) ?? zone[0];
  return hour + (offset?.hours ?? 0);
}

/** The first hour, from `afterHour` on, in which local time is `local` or later. */
export function firstHourAt(zone: Zone, local: number, afterHour = -Infinity): number {
  const firsts = zone.map(({ fromHour, hours }) => Math.max(fromHour, afterHour, local - hours));
  return firsts.find((hour, i) => hour < (zone[i + 1]?.fromHour ?? Infinity)) ?? Infinity;
}

const HOURS_PER_PROBE = 7 * 24;

/** The offsets of a named zone in these hours. Throws `RangeError` for a name that nobody knows. */
export function zoneNamed(name: string, { fromHour, toHour }: { fromHour: number; toHour: number }): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const offsetAt = (hour: number) => hoursOf(format.format(hour * MS_PER_HOUR));
  const zone: Offset[] = [{ fromHour: -Infinity, hours: offsetAt(fromHour) }];
  // No zone changes twice within a week.
  for (let [low, hours] = [fromHour, offsetAt(fromHour)]; low < toHour; low += HOURS_PER_PROBE) {
    const next = offsetAt(low + HOURS_PER_PROBE);
    if (next !== hours) zone.push({ fromHour: changeIn(low, low + HOURS_PER_PROBE, offsetAt), hours: next });
    hours = next;
  }
  return zone;
}

/** The first hour with another offset than `low` has, up to `high`. */
function changeIn(low: number, high: number, offsetAt: (hour: number) => number): number {
  if (high - low === 1) return high;
  const middle = Math.floor((low + high) / 2);
  return offsetAt(middle) === offsetAt(low)
    ? changeIn(middle, high, offsetAt)
    : changeIn(low, middle, offsetAt);
}

/** Reads `1/1/2026, GMT+05:30`. */
function hoursOf(text: string): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
  const size = Number(hours) + Number(minutes) / 60 + Number(seconds) / 3600;
  return sign === '-' ? -size : size;
}

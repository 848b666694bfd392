import { DAY_MS, HOUR_MS } from '../format.ts';

/** Civil time in a named zone. A local time is a number: the instant at which a clock of UTC shows the same. */

export const UTC = 'UTC';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  const format = known ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  if (known === undefined) formats.set(zone, format);
  return format;
}

/** Whether this browser knows a zone of this name. */
export function isZone(name: string): boolean {
  try {
    return formatOf(name) !== undefined;
  } catch {
    return false;
  }
}

/** How far local time is ahead of UTC, in milliseconds. */
function offsetMs(zone: string, atMs: number): number {
  if (zone === UTC) return 0;
  // Reads `1/1/2026, GMT+05:30`.
  const [, sign, hours = 0, minutes = 0] = /GMT([+-])(\d\d):(\d\d)/.exec(formatOf(zone).format(atMs)) ?? [];
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -size : size;
}

export function localOf(zone: string, atMs: number): number {
  return atMs + offsetMs(zone, atMs);
}

/** The first instant at which local time is `local` or later: a change may skip it, or repeat it. */
export function instantOf(zone: string, local: number): number {
  const [lowMs, highMs] = [local - DAY_MS, local + DAY_MS];
  const [before, after] = [offsetMs(zone, lowMs), offsetMs(zone, highMs)];
  if (before === after) return local - before;
  const changeMs = changeBetween(zone, lowMs, highMs);
  return local - before < changeMs ? local - before : Math.max(changeMs, local - after);
}

/** The first full hour with another offset than `lowMs` has. */
function changeBetween(zone: string, lowMs: number, highMs: number): number {
  if (highMs - lowMs <= HOUR_MS) return Math.floor(highMs / HOUR_MS) * HOUR_MS;
  const middleMs = Math.floor((lowMs + highMs) / 2 / HOUR_MS) * HOUR_MS;
  return offsetMs(zone, middleMs) === offsetMs(zone, lowMs)
    ? changeBetween(zone, middleMs, highMs)
    : changeBetween(zone, lowMs, middleMs);
}

/** UTC, the zone of this browser if the portal can add up its days, and the chosen one. */
export function offeredZones(
  chosen: string,
  own = Intl.DateTimeFormat().resolvedOptions().timeZone,
): string[] {
  const known = isZone(own) && offsetMs(own, Date.now()) % HOUR_MS === 0 ? [own] : [];
  return [...new Set([UTC, ...known, chosen])];
}

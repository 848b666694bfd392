import { entriesOf, type Entry } from './entries.ts';
import type { Usage } from './meter.ts';

/** Of a meter that has used nothing yet. */
export const NOTHING_OPEN: Entry = { hour: 0, amount: 0n, spread: 0n };

/**
 * Adds to a meter's open hour what it gained, in order of time: yields the hours that are over, to be added to the meter's
 * entries, and returns the latest, which may still grow. One by one, since a meter that was away for long has many.
 * The open hour stands with the meter's last reading: so a sweep usually touches one row of a meter, and an entry is
 * written once an hour.
 */
export function* addToOpenHour(open: Entry, gained: Iterable<Entry>): Generator<Entry, Entry> {
  let latest = open;
  for (const entry of gained) {
    if (entry.hour !== latest.hour) {
      const older = entry.hour < latest.hour ? entry : latest;
      if (older.amount !== 0n || older.spread !== 0n) yield older;
    }
    latest = later(latest, entry);
  }
  return latest;
}

/** Many usages may lie in one hour, so that no hour is over for long. */
const USAGES_IN_STEP = 2000;

/** As `addToOpenHour`, in steps: what a meter gained by its usages, in order of time. */
export function* closeHours(open: Entry, usages: readonly Usage[]): Generator<Entry | void, Entry> {
  let latest = open;
  for (let start = 0; start < usages.length; start += USAGES_IN_STEP) {
    if (start > 0) yield;
    latest = yield* addToOpenHour(latest, entriesOf(usages.slice(start, start + USAGES_IN_STEP)));
  }
  return latest;
}

/** The later of two hours, or the sum of both where they are the same. */
function later(one: Entry, other: Entry): Entry {
  if (one.hour !== other.hour) return one.hour > other.hour ? one : other;
  return { hour: one.hour, amount: one.amount + other.amount, spread: one.spread + other.spread };
}

import { entriesOf, type Entry } from './entries.ts';
import type { Usage } from './meter.ts';

/** The open hour of a meter without usage. */
export const NOTHING_OPEN: Entry = { hour: 0, amount: 0n, spread: 0n };

/**
 * Adds gained usage, in order of time, to a meter's open hour. Yields each hour that is over, for the meter's entries, and
 * returns the latest hour, which may still grow. Yields one by one because a meter has many hours after a long absence.
 * The open hour is stored with the meter's last reading: so a sweep usually changes one row of a meter, and an entry is
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

/** Many usages may lie in one hour, so a step ends after this many, even if no hour is over. */
const USAGES_IN_STEP = 2000;

/** Like `addToOpenHour`, in steps. The usages have to be in order of time. */
export function* closeHours(open: Entry, usages: readonly Usage[]): Generator<Entry | void, Entry> {
  let latest = open;
  for (let start = 0; start < usages.length; start += USAGES_IN_STEP) {
    if (start > 0) yield;
    latest = yield* addToOpenHour(latest, entriesOf(usages.slice(start, start + USAGES_IN_STEP)));
  }
  return latest;
}

/** The later of two entries, or their sum if both have the same hour. */
function later(one: Entry, other: Entry): Entry {
  if (one.hour !== other.hour) return one.hour > other.hour ? one : other;
  return { hour: one.hour, amount: one.amount + other.amount, spread: one.spread + other.spread };
}

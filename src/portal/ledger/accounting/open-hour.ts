import type { Entry } from './entries.ts';

/** Of a meter that has used nothing yet. */
export const NOTHING_OPEN: Entry = { hour: 0, amount: 0n, spread: 0n };

export interface HoursAfter {
  /** The latest hour that the meter has usage in, which may still grow. */
  open: Entry;
  /** Hours that are over, to be added to the meter's entries. */
  closed: readonly Entry[];
}

const NOTHING_CLOSED: readonly Entry[] = [];

/**
 * Adds to a meter's open hour what it gained, in order of time. The open hour stands with the meter's last reading: so a
 * sweep usually touches one row of a meter, and an entry is written once an hour.
 */
export function addToOpenHour(open: Entry, gained: Iterable<Entry>): HoursAfter {
  let latest = open;
  let closed = NOTHING_CLOSED;
  for (const entry of gained) {
    if (entry.hour === latest.hour) latest = sumOf(latest, entry);
    else {
      const [older, newer] = entry.hour < latest.hour ? [entry, latest] : [latest, entry];
      if (older.amount !== 0n || older.spread !== 0n) closed = [...closed, older];
      latest = newer;
    }
  }
  return { open: latest, closed };
}

function sumOf(one: Entry, other: Entry): Entry {
  return { hour: one.hour, amount: one.amount + other.amount, spread: one.spread + other.spread };
}

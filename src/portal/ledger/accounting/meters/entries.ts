import { hourBefore, liesInOneHour, spreadOverHours } from './hours.ts';
import type { Usage } from './meter.ts';

/** The usage of one meter in one hour. */
export interface Entry {
  /** Whole hours since the Unix epoch, UTC. */
  hour: number;
  amount: bigint;
  /** The part of `amount` that was spread over a gap. */
  spread: bigint;
}

const NO_ENTRIES: readonly Entry[] = [];

/** The entries of one meter's usages, one for each hour, in order. The usages have to be in order of time. */
export function entriesOf(usages: readonly Usage[]): Iterable<Entry> {
  const [first] = usages;
  if (first === undefined) return NO_ENTRIES;
  // The case of nearly every meter in a sweep, without the cost of generators.
  if (usages.length === 1 && liesInOneHour(first.fromMs, first.toMs)) return entryOf(first);
  return spreadEntries(usages);
}

function entryOf({ amount, toMs, quality }: Usage): readonly Entry[] {
  if (amount === 0n) return NO_ENTRIES;
  return [{ hour: hourBefore(toMs), amount, spread: quality === 'spread' ? amount : 0n }];
}

function* spreadEntries(usages: readonly Usage[]): Generator<Entry> {
  let last: Entry | undefined;
  for (const { amount, fromMs, toMs, quality } of usages) {
    for (const share of spreadOverHours(amount, fromMs, toMs)) {
      const spread = quality === 'spread' ? share.amount : 0n;
      if (last?.hour === share.hour) {
        last = { hour: last.hour, amount: last.amount + share.amount, spread: last.spread + spread };
        continue;
      }
      if (last !== undefined) yield last;
      last = { ...share, spread };
    }
  }
  if (last !== undefined) yield last;
}

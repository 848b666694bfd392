import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from './entries.ts';
import { addToOpenHour, NOTHING_OPEN } from './open-hour.ts';

function entry(hour: number, amount: bigint, spread = 0n): Entry {
  return { hour, amount, spread };
}

function hoursAfter(before: Entry, gained: Iterable<Entry>): { open: Entry; closed: Entry[] } {
  const hours = addToOpenHour(before, gained);
  const closed: Entry[] = [];
  for (let next = hours.next(); ; next = hours.next()) {
    if (next.done === true) return { open: next.value, closed };
    closed.push(next.value);
  }
}

describe('the open hour of a meter', () => {
  it('grows while its hour lasts', () => {
    expect(hoursAfter(entry(7, 5n, 1n), [entry(7, 3n, 2n)])).toEqual({
      open: entry(7, 8n, 3n),
      closed: [],
    });
  });

  it('is closed by usage of a later hour', () => {
    expect(hoursAfter(entry(7, 5n), [entry(7, 3n), entry(8, 2n), entry(10, 1n)])).toEqual({
      open: entry(10, 1n),
      closed: [entry(7, 8n), entry(8, 2n)],
    });
  });

  it('is no entry without usage', () => {
    expect(hoursAfter(NOTHING_OPEN, [entry(8, 2n)])).toEqual({ open: entry(8, 2n), closed: [] });
    expect(hoursAfter(entry(7, 5n), [])).toEqual({ open: entry(7, 5n), closed: [] });
  });

  it('passes usage of an earlier hour on to the entries', () => {
    expect(hoursAfter(entry(7, 5n), [entry(6, 2n)])).toEqual({
      open: entry(7, 5n),
      closed: [entry(6, 2n)],
    });
  });

  it('closes hours one by one, before it asks for the next usage', () => {
    let asked = 0;
    function* gained(): Generator<Entry> {
      for (const hour of [8, 9, 10, 11]) {
        asked += 1;
        yield entry(hour, 1n);
      }
    }
    const hours = addToOpenHour(entry(7, 5n), gained());
    expect([hours.next().value, hours.next().value, asked]).toEqual([entry(7, 5n), entry(8, 1n), 2]);
  });

  it('loses nothing of any hour, for any usages', () => {
    const some = fc.record({ hour: fc.nat(5), amount: fc.bigInt(0n, 9n), spread: fc.bigInt(0n, 3n) });
    fc.assert(
      fc.property(some, fc.array(some), (before, gained) => {
        const { open, closed } = hoursAfter(before, gained);
        expect(byHour([open, ...closed])).toEqual(byHour([before, ...gained]));
        expect(closed.every(({ hour }) => hour <= open.hour)).toBe(true);
      }),
    );
  });
});

/** Sums of the hours with usage. */
function byHour(entries: readonly Entry[]): Map<number, [amount: bigint, spread: bigint]> {
  const sums = new Map<number, [bigint, bigint]>();
  for (const { hour, amount, spread } of entries.toSorted((one, other) => one.hour - other.hour)) {
    if (amount === 0n && spread === 0n) continue;
    const [amounts, spreads] = sums.get(hour) ?? [0n, 0n];
    sums.set(hour, [amounts + amount, spreads + spread]);
  }
  return sums;
}

import { array, assert, constantFrom, nat, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf } from './share.ts';

/** Lets portals take turns on one table of leases, as in the database. */
function turns(
  names: readonly string[],
  portals: readonly string[],
  leases: Map<string, string>,
  rounds: number,
) {
  let moves = 0;
  for (let round = 0; round < rounds; round += 1)
    for (const me of portals) {
      const { take, giveBack } = shareOf(me, { names, portals, leases });
      for (const name of take) {
        expect(leases.has(name)).toBe(false);
        leases.set(name, me);
      }
      for (const name of giveBack) {
        expect(leases.get(name)).toBe(me);
        leases.delete(name);
      }
      moves += take.length + giveBack.length;
    }
  return moves;
}

const counts = (portals: readonly string[], leases: ReadonlyMap<string, string>) =>
  portals.map((portal) => [...leases.values()].filter((holder) => holder === portal).length);

describe('sites', () => {
  it('are all taken at once by a single portal', () => {
    const shared = { names: ['a', 'b', 'c'], portals: ['one'], leases: new Map() };
    expect(shareOf('one', shared)).toEqual({ take: ['a', 'b', 'c'], giveBack: [] });
  });

  it('are divided in halves when a second portal comes, and nothing else moves', () => {
    const leases = new Map(['a', 'b', 'c', 'd'].map((name) => [name, 'one']));
    expect(turns(['a', 'b', 'c', 'd'], ['one', 'two'], leases, 3)).toBe(4);
    expect(Object.fromEntries(leases)).toEqual({ a: 'one', b: 'one', c: 'two', d: 'two' });
  });

  it('stay with their holders if they are shared as evenly as possible', () => {
    const leases = new Map([
      ['a', 'two'],
      ['b', 'two'],
      ['c', 'one'],
    ]);
    expect(turns(['a', 'b', 'c'], ['one', 'two'], leases, 3)).toBe(0);
  });

  it('all get a holder, evenly and for good, when portals come and go', () => {
    const portal = constantFrom<string[]>('p1', 'p2', 'p3', 'p4', 'p5');
    const living = uniqueArray(portal, { minLength: 1 });
    assert(
      property(nat(12), array(living, { minLength: 1, maxLength: 6 }), (sites, history) => {
        const names = Array.from({ length: sites }, (_, index) => `site ${index}`);
        const leases = new Map<string, string>();
        for (const portals of history) {
          for (const [name, holder] of leases) if (!portals.includes(holder)) leases.delete(name);
          turns(names, portals, leases, 6);
          const held = counts(portals, leases);
          expect(leases.size).toBe(sites);
          expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
          expect(turns(names, portals, leases, 1)).toBe(0);
        }
      }),
    );
  });
});

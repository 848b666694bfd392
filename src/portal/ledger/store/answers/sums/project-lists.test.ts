import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumsIn } from './project-lists.ts';

describe('the lists of a project', () => {
  it('become sums in the order of the database, which compares bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'z', 'é', '\ue000', '😀'), maxLength: 3 });
    const kinds = fc.array(fc.record({ resource: text, flavor: text, state: text }), { minLength: 1 });
    fc.assert(
      fc.property(kinds, (all) => {
        const sums = sumsIn({
          resources: all.map(({ resource }) => resource),
          flavors: all.map(({ flavor }) => flavor),
          states: all.map(({ state }) => state),
          amounts: `{${all.map((_, index) => index).join(',')}}`,
          spreads: `{${all.map(() => 0).join(',')}}`,
        });
        const bytes = (part: (typeof all)[number]) =>
          Buffer.from([part.resource, part.flavor, part.state].join('\0'));
        const expected = all
          .map((kind, index) => ({ ...kind, amount: `${index}`, spread: '0' }))
          .toSorted((one, other) => Buffer.compare(bytes(one), bytes(other)));
        expect(sums).toEqual(expected);
      }),
    );
  });
});

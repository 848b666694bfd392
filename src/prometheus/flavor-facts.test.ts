import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flavorInfoLabels, flavorLabel, flavorOfLabel, type FlavorFacts } from './flavor-facts.ts';
import { cleanName } from './label-text.ts';

const size = fc.nat({ max: 2 ** 40 });
const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map(cleanName);
const nameLikeSizes = fc.constantFrom('a/1/2/3/4/5', 'm1.small/?', 'x/1/2/3/?/?/a=1', '/', '?', 'a=1', '1');
const facts: fc.Arbitrary<FlavorFacts> = fc.record(
  {
    name: fc.oneof(word, nameLikeSizes),
    vcpu: size,
    mb: size,
    disk_gb: size,
    ephemeral_gb: size,
    swap_mb: size,
    devices: fc
      .uniqueArray(fc.tuple(fc.oneof(word, nameLikeSizes), fc.integer({ min: 1, max: 16 })), {
        selector: ([device]) => device,
        maxLength: 3,
      })
      .map((devices) => Object.fromEntries(devices)),
  },
  { requiredKeys: ['vcpu', 'mb', 'disk_gb'] },
);

describe('the label of a flavor', () => {
  it('tells all facts, with any text as a name', () => {
    fc.assert(
      fc.property(facts, (flavor) => {
        expect(flavorOfLabel(flavorLabel(flavor))).toEqual(flavor);
      }),
      { numRuns: 2000 },
    );
  });

  it('is the same for the same facts in any order, and leaves out devices of which there are none', () => {
    const sizes = { vcpu: 8, mb: 65_536, disk_gb: 80, ephemeral_gb: 60, swap_mb: 0 };
    const one = { ...sizes, name: 'gpu.large', devices: { h100: 1, a100: 2, t4: 0 } };
    const other = { devices: { a100: 2, h100: 1 }, name: 'gpu.large', ...sizes };
    expect([flavorLabel(one), flavorLabel(other)]).toEqual(
      Array(2).fill('gpu.large/8/65536/80/60/0/a100=2,h100=1'),
    );
    expect(flavorLabel({ ...sizes, name: 'm1', devices: {} })).toBe('m1/8/65536/80/60/0/0');
    expect(flavorLabel({ vcpu: 1, mb: 2, disk_gb: 3 })).toBe('/1/2/3/?/?/?');
  });

  it('is refused if flavorLabel does not write it', () => {
    const texts = [
      '',
      'm1.small',
      'm1/1/2/3/4/5',
      'm1/01/2/3/4/5/0',
      'm1/1/2/3/4/5/b=1,a=1',
      'm1/1/2/3/4/5/a=0',
      'm1/1/2/3/4/5/%zz=1',
    ];
    expect(texts.map(flavorOfLabel)).toEqual(texts.map(() => undefined));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const flavor = flavorOfLabel(text);
        expect(flavor === undefined || flavorLabel(flavor) === text).toBe(true);
      }),
    );
  });

  it('stands beside labels with the same facts, each by its name', () => {
    const flavor = { name: 'm1.small', vcpu: 1, mb: 2048, disk_gb: 20, ephemeral_gb: 0, swap_mb: 0 };
    expect(flavorInfoLabels({ ...flavor, devices: { a100: 1 } })).toEqual({
      flavor: 'm1.small/1/2048/20/0/0/a100=1',
      name: 'm1.small',
      vcpus: '1',
      memory_mb: '2048',
      disk_gb: '20',
      ephemeral_gb: '0',
      swap_mb: '0',
      gpus: 'a100=1',
    });
    expect(flavorInfoLabels({ vcpu: 1, mb: 2, disk_gb: 3 })).toMatchObject({
      name: '',
      swap_mb: '',
      gpus: '?',
    });
  });
});

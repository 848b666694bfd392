import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../../../prometheus/steps.ts';
import { inTheirClouds, type KnownClouds } from './clouds.ts';
import { reading } from '../../../../../test/ledger/in-memory-book.ts';

const NEW_SITE: KnownClouds = { ofEpochs: new Map(), read: new Set() };

const clouds = (known: KnownClouds, ...readings: [cloud: string, epoch: string][]) =>
  atOnce(
    inTheirClouds(
      readings.map(([cloud, epoch]) => reading(0, 0, { cloud, epoch })),
      known,
    ),
  ).map(({ cloud }) => cloud);

describe('the cloud of a reading (A9)', () => {
  it('is the cloud of the first reading of its epoch, whichever way it comes', () => {
    const known = { ofEpochs: new Map([['e', '']]), read: new Set(['']) };
    expect(clouds(known, ['dc1', 'e'], ['', 'e'])).toEqual(['', '']);
    expect(clouds(NEW_SITE, ['', 'e'], ['dc1', 'e'])).toEqual(['', '']);
  });

  it('stays the same when clouds are configured later', () => {
    const known = {
      ofEpochs: new Map([['e', 'west']]),
      read: new Set(['west']),
      configured: new Set<string>(),
    };
    expect(clouds(known, ['west', 'e'])).toEqual(['west']);
  });

  it('is the label if an exporter has several clouds', () => {
    expect(clouds(NEW_SITE, ['west', 'w'], ['east', 'e'])).toEqual(['west', 'east']);
  });

  it('is not the label of a hop if the exporter states no epoch', () => {
    expect(clouds(NEW_SITE, ['dc1', ''], ['', ''])).toEqual(['', '']);
    expect(clouds({ ...NEW_SITE, read: new Set(['second']) }, ['second', ''], ['dc1', ''])).toEqual([
      'second',
      '',
    ]);
  });

  it('is one of the configured clouds, if there are any', () => {
    const known = { ...NEW_SITE, read: new Set(['dc1']), configured: new Set(['second']) };
    expect(clouds(known, ['second', ''], ['dc1', ''], ['dc1', 'e'])).toEqual(['second', '', '']);
  });

  it('is the same for all readings of an epoch, for any labels', () => {
    const aReading = fc
      .record({ cloud: fc.constantFrom('', 'a', 'b'), epoch: fc.constantFrom('e', 'f') })
      .map((more) => reading(0, 0, more));
    fc.assert(
      fc.property(fc.array(aReading), (readings) => {
        const found = atOnce(inTheirClouds(readings, NEW_SITE));
        for (const epoch of ['e', 'f'])
          expect(
            new Set(found.filter((one) => one.epoch === epoch).map(({ cloud }) => cloud)).size,
          ).toBeLessThan(2);
      }),
    );
  });
});

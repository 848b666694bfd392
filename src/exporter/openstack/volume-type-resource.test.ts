import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceOfMetric, usageMetricName } from '../../prometheus/usage-metrics.ts';
import { volumeTypeResource } from './volume-type-resource.ts';

const word = fc.stringMatching(/^[a-z0-9_]{0,45}$/);
const name = fc.stringMatching(/^[aA_ -]{0,4}$/);

describe('volumes of a type', () => {
  it.each([
    ['ssd', 'volume_ssd_gb'],
    ['ceph_ssd_3', 'volume_ceph_ssd_3_gb'],
    [undefined, 'volume_untyped_gb'],
  ])('keep the name of a type that can be part of a metric: %s', (type, resource) => {
    expect(volumeTypeResource(type)).toBe(resource);
  });

  it('have a readable name and a hash if the type cannot be part of a metric', () => {
    expect(['ssd-1', 'SSD 1', '高速', '', 'untyped'].map(volumeTypeResource)).toEqual([
      'volume_ssd_1__9485e95bbc51_gb',
      'volume_ssd_1__5c41963231d4_gb',
      'volume_type__3991ac9f053a_gb',
      'volume_type__e3b0c44298fc_gb',
      'volume_untyped__913d8eec294e_gb',
    ]);
  });

  it('are one resource for each type, even for similar names, and portals accept it', () => {
    const types = [
      'ssd-1',
      'SSD 1',
      'ssd_1',
      'SSD_1',
      ' ssd 1',
      '__DEFAULT__',
      'default',
      'DEFAULT',
      'untyped',
      '',
      'ceph-hdd-erasure-coded-4-2-zone-frankfurt-tier1',
      'ceph-hdd-erasure-coded-4-2-zone-frankfurt-tier2',
    ];
    expect(new Set([undefined, ...types].map(volumeTypeResource)).size).toBe(types.length + 1);
    const anyType = fc.oneof(word, name, fc.string({ unit: 'binary' }), fc.constant(undefined));
    fc.assert(
      fc.property(anyType, anyType, (one, other) => {
        const resource = volumeTypeResource(one);
        expect(resource === volumeTypeResource(other)).toBe(one === other);
        expect(resourceOfMetric(usageMetricName(resource))).toBe(resource);
      }),
      { numRuns: 2000 },
    );
  });

  it('never share a name with another type, even if a type is named like the hashed name of another', () => {
    const taken = volumeTypeResource('SSD 1').slice('volume_'.length, -'_gb'.length);
    expect(volumeTypeResource(taken)).not.toBe(volumeTypeResource('SSD 1'));
  });
});

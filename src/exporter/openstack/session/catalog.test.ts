import { describe, expect, it } from 'vitest';
import { catalogSchema, endpointOf, type Catalog } from './catalog.ts';

const catalog: Catalog = [
  {
    type: 'compute',
    endpoints: [
      { interface: 'public', region_id: 'north', url: 'https://north.example/v2.1/' },
      { interface: 'internal', region_id: 'north', url: 'http://10.0.0.1:8774/v2.1' },
      { interface: 'public', region: 'south', url: 'https://south.example/v2.1' },
    ],
  },
  { type: 'image', endpoints: [] },
];

describe('the endpoint of a service', () => {
  it('is found among entries in other forms', () => {
    const odd = [
      null,
      { type: null, endpoints: [] },
      { type: 'rating' },
      { type: 'rating', endpoints: [{ publicURL: 'http://x', region: 'north' }] },
      {
        type: 'compute',
        endpoints: [{ interface: 'public', region: 'north', url: null }, ...(catalog[0]?.endpoints ?? [])],
      },
    ];
    const face = { interfaces: ['public'], region: 'north' };
    expect(endpointOf(catalogSchema.parse(odd), 'compute', face).host).toBe('north.example');
    expect(catalogSchema.parse(undefined)).toEqual([]);
  });

  it.each([
    ['public', 'north', 'https://north.example/v2.1'],
    ['public', 'south', 'https://south.example/v2.1'],
    ['internal', 'north', 'http://10.0.0.1:8774/v2.1'],
    ['internal', undefined, 'http://10.0.0.1:8774/v2.1'],
  ])('has the interface and the region: %s, %s', (face, region, url) => {
    expect(endpointOf(catalog, 'compute', { interfaces: [face], region }).href).toBe(url);
  });

  it('needs a region if there are several', () => {
    expect(() => endpointOf(catalog, 'compute', { interfaces: ['public'], region: undefined })).toThrow(
      'the catalog has a compute service in the regions north, south: choose one with OS_REGION_NAME',
    );
  });

  it('that is missing is an error that names the existing ones', () => {
    expect(() => endpointOf(catalog, 'compute', { interfaces: ['public'], region: 'west' })).toThrow(
      "Keystone's catalog has no public endpoint of the compute service in region 'west', only in north, south",
    );
    expect(() => endpointOf(catalog, 'image', { interfaces: ['public'], region: 'north' })).toThrow(
      "Keystone's catalog has no public endpoint of the image service",
    );
  });
});

import { expect, it } from 'vitest';
import type { Belongings } from '../../src/simulation/model/belongings.ts';
import { belongingsTruth, flavorTruth } from './belongings-truth.ts';
import { staticCloud } from '../../src/simulation/model/static-cloud.ts';

const belongings: Belongings = {
  volumes: [
    {
      id: 'v1',
      projectId: 'p',
      volumeType: 'ssd',
      sizes: [
        { atMs: 1000, sizeGb: 10 },
        { atMs: 3000, sizeGb: 30 },
      ],
    },
    { id: 'v2', projectId: 'p', volumeType: 'ssd', sizes: [{ atMs: 0, sizeGb: 1 }], deletedMs: 4000 },
    { id: 'v3', projectId: 'p', volumeType: 'hdd', sizes: [{ atMs: 9000, sizeGb: 7 }] },
  ],
  floatingIps: [{ id: 'f1', projectId: 'q', createdMs: 0, deletedMs: 2500 }],
  storedBytes: [
    {
      projectId: 'p',
      amounts: [
        { atMs: 0, bytes: 100 },
        { atMs: 4000, bytes: 0 },
      ],
    },
  ],
};

it('adds up the usage within the window, by type and by the size at each time', () => {
  expect(belongingsTruth({ belongings: () => belongings }, 2000, 5000)).toEqual(
    new Map([
      // ssd: 10 GiB × 1 s + 30 GiB × 2 s + 1 GiB × 2 s
      ['p', { volumeGb: new Map([['ssd', 72_000n]]), floatingIp: 0n, storedBytes: 200_000n }],
      ['q', { volumeGb: new Map(), floatingIp: 500n, storedBytes: 0n }],
    ]),
  );
});

it('counts servers by an amount of their flavors', () => {
  const flavor = {
    id: 'f',
    name: 'f',
    vcpus: 1,
    memoryMb: 1,
    diskGb: 1,
    ephemeralGb: 0,
    extraSpecs: { gpus: '2' },
  };
  const life = {
    id: 's',
    name: 's',
    projectId: 'p',
    metadata: {},
    launches: [{ atMs: 1000, flavor }],
  } as const;
  const model = staticCloud({ domains: [], projects: [], servers: [{ ...life, deletedMs: 4000 }] });
  const gpus = flavorTruth(model, 0, 9000, ({ extraSpecs }) => Number(extraSpecs['gpus'] ?? 0));
  expect(gpus).toEqual(new Map([['p', 6000n]]));
});

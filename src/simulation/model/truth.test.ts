import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flavor, ServerLife } from './server-life.ts';
import { staticCloud } from './static-cloud.ts';
import { usageTruth } from './truth.ts';

const flavor = (vcpus: number): Flavor => ({
  id: String(vcpus),
  name: String(vcpus),
  vcpus,
  memoryMb: vcpus * 1000,
  diskGb: 3,
  ephemeralGb: 2,
  extraSpecs: {},
});

const second = fc.integer({ min: 0, max: 10_000 }).map((seconds) => seconds * 1000);

const lives = fc
  .array(
    fc.record({
      id: fc.uuid(),
      projectId: fc.constantFrom('p', 'q'),
      instants: fc
        .uniqueArray(second, { minLength: 2, maxLength: 5 })
        .map((list) => list.sort((a, b) => a - b)),
      vcpus: fc.integer({ min: 1, max: 9 }),
      ends: fc.boolean(),
    }),
  )
  .map((drafts) =>
    drafts.map(({ id, projectId, instants, vcpus, ends }): ServerLife => {
      const launches = instants.slice(0, -1).map((atMs, index) => ({ atMs, flavor: flavor(vcpus + index) }));
      return {
        id,
        name: id,
        projectId,
        metadata: {},
        launches: launches as [(typeof launches)[0], ...typeof launches],
        deletedMs: ends ? instants.at(-1) : undefined,
      };
    }),
  );

function modelOf(servers: ServerLife[]) {
  return staticCloud({ domains: [], projects: [], servers });
}

describe('the truth about usage', () => {
  it('counts each flavor up to the resize, and nothing after the deletion', () => {
    const server: ServerLife = {
      id: 'a',
      name: 'a',
      projectId: 'p',
      metadata: {},
      launches: [
        { atMs: 10_000, flavor: flavor(1) },
        { atMs: 15_000, flavor: flavor(4) },
      ],
      deletedMs: 20_000,
      archivedMs: 20_000,
    };
    expect(usageTruth(modelOf([server]), 12_000, 99_000)).toEqual(
      new Map([['p', { vcpu: 23_000n, mb: 23_000_000n, disk_gb: 40_000n, instance: 8_000n }]]),
    );
  });

  it('of a window is the sum of its two parts, for every way to divide it', () => {
    fc.assert(
      fc.property(lives, second, second, second, (servers, a, b, c) => {
        const [from, middle, to] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
        const model = modelOf(servers);
        const vcpuOf = (start: number, end: number) =>
          [...usageTruth(model, start, end).values()].reduce((sum, { vcpu }) => sum + vcpu, 0n);
        expect(vcpuOf(from, middle) + vcpuOf(middle, to)).toBe(vcpuOf(from, to));
      }),
    );
  });
});

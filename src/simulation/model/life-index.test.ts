import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lifeIndex } from './life-index.ts';
import { endOf, type ServerLife } from './server-life.ts';

const flavor = { id: 'f', name: 'f', vcpus: 1, memoryMb: 1, diskGb: 1, ephemeralGb: 0, extraSpecs: {} };
const instant = fc.integer({ min: 0, max: 50 });
const lives = fc
  .array(fc.tuple(instant, fc.option(instant, { nil: undefined })), { maxLength: 60 })
  .map((spans) =>
    spans.map(([atMs, lengthMs], index): ServerLife => {
      const deletedMs = lengthMs === undefined ? undefined : atMs + lengthMs;
      const launches: ServerLife['launches'] = [{ atMs, flavor }];
      return { id: String(index), name: '', projectId: 'p', metadata: {}, launches, deletedMs };
    }),
  );

describe('the index of lives', () => {
  it('finds exactly the lives that overlap a window, in their order', () => {
    fc.assert(
      fc.property(lives, fc.array(fc.tuple(instant, instant), { maxLength: 5 }), (all, stretches) => {
        const index = lifeIndex(all);
        for (const [fromMs, toMs] of stretches) {
          const expected = all.filter((life) => life.launches[0].atMs <= toMs && endOf(life) >= fromMs);
          expect(index(fromMs, toMs)).toEqual(expected);
        }
      }),
    );
  });
});

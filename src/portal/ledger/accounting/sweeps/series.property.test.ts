import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Labels } from '../../../../prometheus/sample.ts';
import type { Steps } from '../../../../prometheus/steps.ts';
import type { Sweep } from '../../ledger.ts';
import { meterKey, projectKey } from '../meters/identity.ts';
import { sweepSteps } from './readings.ts';
import type { KnownSeries } from './series.ts';

const NOW = Date.UTC(2026, 5, 1);

/** Labels as objects that samples share. Some of them name no project, or no flavor. */
const LABELS: readonly Labels[] = [
  { project_id: 'p', project_name: 'one' },
  { project_id: 'p', project_name: 'two', cloud: 'c' },
  { project_id: 'pool', project_name: 'part' },
  { project_name: 'none' },
  { project_id: 'p', flavor: 'm1/2/2048/20/0/0/0', state: 'active', instance: 'e' },
  { project_id: 'p', flavor: 'm1', state: 'active' },
];
const sample = fc.record({
  name: fc.constantFrom('project_vcpu_usage', 'project_mb_usage', 'project_server_usage', 'up'),
  labels: fc.constantFrom(...LABELS),
  value: fc.constantFrom(1, 2, -1, Number.NaN, 1e300),
  timestampMs: fc.constantFrom(NOW - 60_000, NOW - 30_000),
});

function resultOf<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

const withoutKeys = ({ readings, ...rest }: Sweep) => ({
  ...rest,
  readings: readings.map((reading) => ({ ...reading, keys: undefined })),
});

it('gives the same readings and refusals with and without known series, and their keys', () => {
  const options = { pools: new Set(['pool']) };
  fc.assert(
    fc.property(fc.array(fc.array(sample, { maxLength: 12 }), { maxLength: 4 }), (instants) => {
      const known: KnownSeries = new Map();
      for (const samples of instants) {
        const plain = resultOf(sweepSteps(samples, NOW, options));
        const fast = resultOf(sweepSteps(samples, NOW, { ...options, known }));
        expect(withoutKeys(fast)).toEqual(plain);
        expect(fast.readings.map((reading) => [projectKey(reading), meterKey(reading)])).toEqual(
          plain.readings.map((reading) => [projectKey(reading), meterKey(reading)]),
        );
        // A reading that is put into another cloud has the keys of that cloud.
        expect(fast.readings.map((reading) => meterKey({ ...reading, cloud: 'other' }))).toEqual(
          plain.readings.map((reading) => meterKey({ ...reading, cloud: 'other' })),
        );
      }
    }),
    { numRuns: 500 },
  );
});

import { expect, it } from 'vitest';
import { atOnce } from '../../prometheus/steps.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Sweep } from '../ledger/ledger.ts';
import { sweepSteps } from '../ledger/accounting/sweeps/readings.ts';
import { GapFiller } from './gap-filler.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

it("reads memory of a site's history in the site's unit", async () => {
  const memory = (timestampMs: number) => ({
    name: 'project_mb_usage',
    labels: { project_id: 'p' },
    value: 1,
    timestampMs,
  });
  const folded: Sweep[] = [];
  const none = { folded: 0, ignored: 0, anomalies: 0 };
  const ledger = {
    fold: async (_site: string, sweep: Sweep) => {
      folded.push(sweep);
      return none;
    },
    foldLate: async () => await Promise.reject(new Error('there are no gaps in this test')),
    gaps: async () => [],
    site: async () => ({ name: 'a', lastReadingMs: NOW - 3 * HOUR }) as never,
  };
  const clock = { nowMs: () => NOW, sleep: async () => undefined };
  const site = { name: 'a', intervalMs: 30_000, memoryUnit: 'GiB' } as const;
  const history = { read: async () => [memory(NOW - HOUR)] };
  const filler = new GapFiller(site, history, { ledger, clock, logger: silentLogger() });
  await filler.before(atOnce(sweepSteps([memory(NOW)], NOW)), new AbortController().signal);
  expect(new Set(folded.flatMap(({ readings }) => readings.map(({ total }) => total)))).toEqual(
    new Set([1024n * 3_600_000n]),
  );
});

it('asks a gate without history once for any number of gaps', async () => {
  let asked = 0;
  const none = async () => await Promise.reject(new Error('there is nothing to fold in this test'));
  const gaps = [9, 6, 3].map((hours) => ({
    cloud: '',
    fromMs: NOW - hours * HOUR,
    toMs: NOW - (hours - 2) * HOUR,
  }));
  const ledger = { fold: none, foldLate: none, gaps: async () => gaps, site: async () => undefined };
  const clock = { nowMs: () => NOW, sleep: async () => undefined };
  const history = {
    read: async () => {
      asked += 1;
      return await Promise.resolve(undefined);
    },
  };
  const filler = new GapFiller({ name: 'a', intervalMs: 30_000 }, history, {
    ledger,
    clock,
    logger: silentLogger(),
  });
  await filler.late(new AbortController().signal);
  expect(asked).toBe(1);
});

import { expect, it } from 'vitest';
import { reading } from '../../../../../../test/ledger/in-memory-book.ts';
import { NOTHING_OPEN } from '../../../accounting/meters/open-hour.ts';
import type { Usage } from '../../../accounting/meters/meter.ts';
import { closedHours } from './write-entries.ts';

const { cloud, projectId, resource, epoch } = reading(0, 0);
const state = { epoch, opening: 0n, lastTotal: 1n, firstAtMs: 0, lastAtMs: 1 };

it('closes hours in steps of a bounded size, even of many meters with few hours each', () => {
  let looks = 0;
  const usage: Usage = { amount: 1n, fromMs: 0, toMs: 1, quality: 'measured' };
  const watched = new Proxy(usage, {
    get: (target, key) => {
      looks += 1;
      return Reflect.get(target, key) as unknown;
    },
  });
  const longestStep = (meters: number) => {
    const change = {
      identity: { cloud, projectId, resource },
      meter: state,
      usages: Array.from({ length: 1000 }, () => watched),
      gaps: [],
      anomalies: [],
    };
    const rows = Array.from({ length: meters }, (_, meterId) => ({
      meterId,
      openHour: NOTHING_OPEN,
      change,
    }));
    let most = 0;
    looks = 0;
    for (const _step of closedHours(rows, [])) {
      most = Math.max(most, looks);
      looks = 0;
    }
    return Math.max(most, looks);
  };
  expect(longestStep(40)).toBeLessThan(1.5 * longestStep(10));
});

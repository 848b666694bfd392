import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import type { FoldOutcome, Sweep } from '../ledger/ledger.ts';
import { createPortalMetrics } from '../metrics.ts';
import { GroupFolder } from './group-folder.ts';
import { WaitingRoom } from './waiting-room.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

/** Two instants of a site that have waited for two hours, and a ledger with the function `fold`. */
function longWaiting(fold: (sweep: Sweep) => FoldOutcome) {
  const nowMs = NOON + 2 * HOUR;
  const room = new WaitingRoom({ unknownMs: 15_000, statingMs: 300_000 });
  for (const minute of [0, 1]) {
    const atMs = NOON + minute * 60_000;
    const labels = { project_id: 'p', project_name: 'p' };
    const samples = [{ name: 'project_vcpu_usage', labels, value: 1, timestampMs: atMs }];
    room.add(String(minute), [{ site: 'a', exporter: '\0e', atMs, samples }], NOON);
  }
  const asked: number[] = [];
  const recorded: string[] = [];
  const folder = new GroupFolder({
    database: { query: async () => await Promise.reject(new Error('nothing is set aside here')) },
    ledger: {
      foldInAnyOrder: async (_site, sweep) => {
        asked.push(sweep.readings.length);
        return fold(sweep);
      },
      recordFailure: async (site, _atMs, reason) => void recorded.push(`${site}: ${reason}`),
    },
    clock: { nowMs: () => nowMs, sleep: async () => undefined },
    logger: silentLogger(),
    metrics: createPortalMetrics(),
    limits: { maxRequests: 0 },
    optionsOf: () => undefined,
  });
  return { room, asked, recorded, tryToFold: async () => await folder.foldAll(room, room.take(nowMs)) };
}

describe('groups that could not be folded for a long time', () => {
  it('go back as a whole after one try if the database fails', async () => {
    const { room, asked, tryToFold } = longWaiting(() => {
      throw new Error('Connection terminated unexpectedly');
    });
    await expect(tryToFold()).rejects.toThrow('Connection terminated');
    expect([asked, room.samples, room.finished()]).toEqual([[2], 2, []]);
    await expect(tryToFold()).rejects.toThrow('Connection terminated');
    expect(asked).toEqual([2, 2]);
  });

  it('are tried one by one after bad content, and the good ones are folded', async () => {
    const { room, asked, recorded, tryToFold } = longWaiting(({ readings: { length } }) => {
      if (length > 1) throw new RangeError('only both together are too much');
      return { folded: length, ignored: 0, anomalies: 0 };
    });
    await tryToFold();
    expect([asked, room.samples, room.finished()]).toEqual([[2, 1, 1], 0, ['0', '1']]);
    expect(recorded).toEqual([
      'a: the ledger could not fold the written samples: only both together are too much',
    ]);
  });
});

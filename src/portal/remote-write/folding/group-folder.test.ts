import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../runtime/logger.ts';
import type { FoldOutcome, Sweep } from '../../ledger/ledger.ts';
import { createPortalMetrics } from '../../metrics.ts';
import { GroupFolder } from './group-folder.ts';
import { writtenSeriesOf } from '../sorting.ts';
import { WaitingRoom } from './waiting-room.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

/** A room and a folder at `nowMs`, and a ledger with the function `fold`. */
function folderAt(nowMs: number, fold: (sweep: Sweep) => FoldOutcome) {
  const room = new WaitingRoom({ unknownMs: 15_000, statingMs: 300_000 });
  const metrics = createPortalMetrics();
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
    metrics,
    limits: { maxRequests: 0 },
    optionsOf: () => undefined,
  });
  const tryToFold = async () => await folder.foldAll(room, room.take(nowMs));
  return { room, metrics, folder, asked, recorded, tryToFold };
}

const PROJECTS = ['p', 'q'].map((id) =>
  writtenSeriesOf({ name: 'project_vcpu_usage', labels: { project_id: id, project_name: id } }),
);

/** Adds an instant of a site, as a request of its own. */
function addMinute(room: WaitingRoom, minute: number, ...values: number[]) {
  const atMs = NOON + minute * 60_000;
  const instant = { site: 'a', exporter: '\0', atMs };
  room.add(String(minute), [{ ...instant, series: PROJECTS.slice(0, values.length), values }], NOON);
  return instant;
}

/** Two instants of a site that have waited for two hours. */
function longWaiting(fold: (sweep: Sweep) => FoldOutcome) {
  const waiting = folderAt(NOON + 2 * HOUR, fold);
  for (const minute of [0, 1]) addMinute(waiting.room, minute, 1);
  return waiting;
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

describe('instants between others', () => {
  it('may be very many', async () => {
    const { room, metrics, tryToFold } = folderAt(NOON, ({ readings: { length } }) => ({
      folded: length,
      ignored: 0,
      anomalies: 0,
    }));
    const instants = Array.from({ length: 130_000 }, (_, index) => ({
      site: 'a',
      exporter: '\0',
      atMs: NOON - index,
      series: PROJECTS.slice(0, 1),
      values: [1],
    }));
    room.add('1', instants, 0);
    await tryToFold();
    const { values } = await metrics.folded.get();
    expect(values.map(({ value }) => value)).toEqual([130_000]);
  });

  it('need one reading each, as soon as something was folded here', async () => {
    const { room, metrics, folder, asked, tryToFold } = folderAt(NOON + 2 * HOUR, ({ readings }) => ({
      folded: readings.length,
      ignored: 0,
      anomalies: 0,
    }));
    const add = (...minutes: number[]) => {
      for (const minute of minutes) {
        const instant = addMinute(room, minute, minute, 2 * minute);
        const states = { foldedUntil: true, epoch: true };
        room.learn([{ ...instant, foldedUntilSeconds: instant.atMs / 1000, epoch: 'x', states }]);
      }
    };
    add(1, 2, 3, 4);
    await tryToFold();
    add(5, 6, 7, 8);
    await tryToFold();
    folder.forget();
    add(9, 10, 11);
    await tryToFold();
    expect([asked, room.samples]).toEqual([[8, 6, 6], 0]);
    const { values } = await metrics.folded.get();
    expect(values.map(({ value }) => value)).toEqual([22]);
  });
});

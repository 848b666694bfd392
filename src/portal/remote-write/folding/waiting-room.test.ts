import { describe, expect, it } from 'vitest';
import { writtenSeriesOf, type UsagePart } from '../sorting.ts';
import { WaitingRoom, type Group } from './waiting-room.ts';

const PATIENCE = { unknownMs: 15_000, statingMs: 300_000 };
const NOON = Date.UTC(2026, 0, 31, 12);
const ALL_STATED = { foldedUntil: true, epoch: true };

/** Samples of one instant, with these values. */
function part(atMs: number, ...values: number[]): UsagePart {
  const series = values.map(() => writtenSeriesOf({ name: 'project_vcpu_usage', labels: {} }));
  return { site: 'a', exporter: '\0e', atMs, series, values };
}

function valuesOf(groups: readonly Group[]): number[][] {
  return groups.map(({ values }) => values.toSorted((one, other) => one - other));
}

describe('a waiting room', () => {
  it('returns groups that have waited long enough, and finishes a request once all of it is folded', () => {
    const room = new WaitingRoom(PATIENCE);
    room.add('1', [part(NOON, 1), part(NOON + 1000, 2)], NOON);
    expect(room.take(NOON + 14_999)).toEqual([]);
    const [first, second] = room.take(NOON + 15_000);
    expect(valuesOf([first, second].flatMap((group) => group ?? []))).toEqual([[1], [2]]);
    room.dismiss(first === undefined ? [] : [first]);
    expect([room.finished(), room.samples]).toEqual([[], 1]);
    room.dismiss(second === undefined ? [] : [second]);
    expect([room.finished(), room.samples]).toEqual([['1'], 0]);
    room.forget(['1']);
    expect(room.requests).toEqual([]);
  });

  it('counts the waiting samples of each holder, until their requests are forgotten', () => {
    const room = new WaitingRoom(PATIENCE);
    room.add('1', [part(NOON, 1, 2), part(NOON + 1000, 3)], NOON, { holder: 'a', bytes: 100 });
    room.add('2', [part(NOON, 4)], NOON, { holder: 'b', bytes: 10 });
    expect([room.heldBy('a'), room.heldBy('b'), room.heldBy('c'), room.bytes]).toEqual([
      { samples: 3, bytes: 100 },
      { samples: 1, bytes: 10 },
      { samples: 0, bytes: 0 },
      110,
    ]);
    room.dismiss(room.take(NOON + 15_000));
    room.forget(room.finished());
    expect([room.heldBy('a'), room.bytes]).toEqual([{ samples: 0, bytes: 0 }, 0]);
  });

  it('counts a request once if it is added twice', () => {
    const room = new WaitingRoom(PATIENCE);
    room.add('1', [part(NOON, 1)], NOON);
    room.add('1', [part(NOON, 1)], NOON);
    expect([room.samples, valuesOf(room.take(NOON + 15_000))]).toEqual([1, [[1]]]);
  });

  it('keeps newer groups of an exporter behind one that waits for its statement', () => {
    const room = new WaitingRoom(PATIENCE);
    room.add('1', [part(NOON, 1)], NOON);
    room.add('2', [part(NOON + 1000, 2)], NOON + 1000);
    const instant = { site: 'a', exporter: '\0e' };
    const stated = { foldedUntilSeconds: 1, epoch: 'x', states: ALL_STATED };
    room.learn([
      { ...instant, atMs: NOON, foldedUntilSeconds: null, epoch: null, states: ALL_STATED },
      { ...instant, atMs: NOON + 1000, ...stated },
    ]);
    expect(room.take(NOON + 299_999)).toEqual([]);
    room.learn([{ ...instant, atMs: NOON, ...stated }]);
    expect(valuesOf(room.take(NOON + 2000))).toEqual([[1], [2]]);
  });

  it('joins a group that could not be folded with later samples of its instant, from both requests', () => {
    const room = new WaitingRoom(PATIENCE);
    room.add('1', [part(NOON, 1)], NOON);
    const failed = room.take(NOON + 15_000);
    room.add('2', [part(NOON, 2)], NOON + 15_000);
    room.putBack(failed);
    const again = room.take(NOON + 15_001);
    expect(valuesOf(again)).toEqual([[1, 2]]);
    room.dismiss(again);
    expect([room.finished().toSorted(), room.samples]).toEqual([['1', '2'], 0]);
  });
});

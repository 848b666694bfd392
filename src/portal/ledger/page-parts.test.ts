import { describe, expect, it } from 'vitest';
import { firstStep, nextSteps, PageParts } from './page-parts.ts';

/** Fills a page from units with these numbers of rows. Returns how many units each part had. */
function partsOfPage(limit: number, rowsOfUnit: number, unitRows: readonly number[]): number[] {
  const parts = new PageParts(limit, rowsOfUnit);
  const taken: number[] = [];
  let [rows, at] = [0, 0];
  while (rows <= limit && at < unitRows.length) {
    const count = parts.next(rows);
    const got = unitRows.slice(at, at + count).reduce((sum, one) => sum + one, 0);
    parts.had(count, got);
    taken.push(count);
    rows += got;
    at += count;
  }
  return taken;
}

describe('the parts of a page', () => {
  it('are one part if every unit has as many rows as it may have', () => {
    expect(partsOfPage(299, 3, Array<number>(10_000).fill(3))).toEqual([100]);
    expect(partsOfPage(10, 3, Array<number>(10_000).fill(3))).toEqual([3, 1]);
  });

  it('grow fourfold at most where there is nothing, so that few parts cross a long time without usage', () => {
    const taken = partsOfPage(100, 10, [...Array<number>(5000).fill(0), ...Array<number>(100).fill(10)]);
    expect(taken).toEqual([10, 40, 160, 640, 2560, 10_240]);
  });

  it('have few units more than the page needs', () => {
    const taken = partsOfPage(1000, 12, Array<number>(100_000).fill(2));
    expect(taken.reduce((sum, one) => sum + one, 0)).toBeLessThan(600);
  });
});

describe('the steps of a part', () => {
  const range = { fromHour: 5, toHour: 24 * 100 };

  it('are whole, and the last part reaches to the end of the question', () => {
    const known = { fromHour: 0, toHour: 24 * 10 };
    expect(nextSteps('day', range, 2, known)).toEqual({ fromHour: 5, toHour: 48 });
    expect(nextSteps('day', range, 10, known)).toEqual(range);
    expect(nextSteps('day', range, 2, undefined)).toEqual(range);
    expect(nextSteps('total', range, 1, known)).toEqual(range);
  });

  it('begin with the first step that can have usage', () => {
    const known = { fromHour: 50, toHour: 60 };
    expect(firstStep('hour', range, known)).toBe(50);
    expect(firstStep('day', range, known)).toBe(48);
    expect(firstStep('month', range, known)).toBe(5);
    expect(firstStep('total', range, known)).toBe(5);
    expect(firstStep('day', range, { fromHour: 24 * 200, toHour: 24 * 201 })).toBe(24 * 99);
    expect(firstStep('day', range, undefined)).toBe(5);
  });
});

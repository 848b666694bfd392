import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { InMemoryBook as Book, METER, reading } from '../../../../../test/ledger/in-memory-book.ts';

const HOUR = MS_PER_HOUR;
const MINUTE = 60_000;
const STEP = 5 * MINUTE;
const PROJECTS = ['p1', 'p2', 'p3', 'p4', 'p5'];

const meterOf = (projectId: string) => `\0${projectId}\0vcpu`;

/** A book with two hours of five projects with different vCPUs, from an exporter that states `epoch`. */
function twoHours(epoch: string, vcpus: readonly number[] = [1, 2, 3, 4, 5]) {
  const book = new Book();
  const at = (atMs: number, extraHours: (project: number) => number) => {
    const readings = PROJECTS.map((projectId, index) => {
      const total = BigInt((vcpus[index] ?? 0) * atMs) + BigInt(extraHours(index)) * BigInt(HOUR);
      return reading(atMs, total, { projectId, epoch });
    });
    book.fold(...readings);
  };
  for (let atMs = 0; atMs <= 2 * HOUR; atMs += STEP) at(atMs, () => 0);
  return { book, at };
}

const hoursOf = (book: Book, projectId = 'p1') => Number(book.usage(meterOf(projectId))) / HOUR;

function expectConserved(book: Book) {
  for (const [key, { opening, lastTotal }] of book.meters)
    expect(opening + book.usage(key) + (book.corrections.get(key) ?? 0n)).toBe(lastTotal);
}

describe('an exporter that states no epoch', () => {
  it('has a new base each time its start date moves back, and continues from there (A4)', () => {
    const { book, at } = twoHours('');
    at(2 * HOUR + STEP, () => 64_801);
    at(2 * HOUR + 2 * STEP, () => 64_801 + 876_001);
    at(2 * HOUR + 3 * STEP, () => 64_801 + 876_001);
    for (const [index, projectId] of PROJECTS.entries())
      expect(hoursOf(book, projectId)).toBeCloseTo((index + 1) * 2.25, 3);
    expect(book.anomalyKinds).toEqual(new Set(['base-moved']));
    expectConserved(book);
  });

  it('has a new base with a single project, too', () => {
    const book = new Book();
    for (let atMs = 0; atMs <= HOUR; atMs += STEP) book.fold(reading(atMs, atMs, { epoch: '' }));
    book.fold(reading(HOUR + STEP, HOUR + 876_001 * HOUR, { epoch: '' }));
    expect(hoursOf(book)).toBeCloseTo(13 / 12, 3);
    expectConserved(book);
  });

  it('has a new base when its memory unit is set to GiB, and when it is set back', () => {
    const mb = '\0p1\0mb';
    const book = new Book();
    const at = (atMs: number, unit: number) => {
      const memory = reading(atMs, 4 * atMs * unit, { resource: 'mb', epoch: '' });
      book.fold(reading(atMs, atMs, { epoch: '' }), memory);
    };
    for (let atMs = 0; atMs <= 2 * HOUR; atMs += STEP) at(atMs, 1);
    for (let atMs = 2 * HOUR + STEP; atMs <= 3 * HOUR; atMs += STEP) at(atMs, 1024);
    // One reading at the old rate, eleven at the new one.
    expect(hoursOf(book, 'p1')).toBe(3);
    expect(Number(book.usage(mb)) / HOUR).toBeCloseTo(4 * (2 + 1 / 12) + 4096 * (11 / 12), 6);
    expect(book.anomalyKinds).toEqual(new Set(['base-moved']));
    for (let atMs = 3 * HOUR + STEP; atMs <= 4 * HOUR; atMs += STEP) at(atMs, 1);
    expect(Number(book.usage(mb)) / HOUR).toBeCloseTo(4 * (2 + 1 / 12) + (4096 + 4) * (11 / 12), 6);
    expectConserved(book);
  });

  it('opens new meters with a balance at the instant of a moved base', () => {
    const { book, at } = twoHours('');
    const atMs = 2 * HOUR + STEP;
    const moved = PROJECTS.map((projectId) => reading(atMs, 90_000 * HOUR, { projectId, epoch: '' }));
    book.fold(...moved, reading(atMs, 70_000 * HOUR, { projectId: 'returned', epoch: '' }));
    expect(hoursOf(book, 'returned')).toBe(0);
    at(2 * HOUR + 2 * STEP, () => 0);
    expectConserved(book);
  });

  it('counts the growth of one project among many, however large', () => {
    const { book, at } = twoHours('');
    at(2 * HOUR + STEP, (project) => (project === 0 ? 5_000 : 0));
    expect(hoursOf(book)).toBeCloseTo(2 + 1 / 12 + 5_000, 3);
    expectConserved(book);
  });

  it('counts lasting growth from its second reading on', () => {
    const book = new Book();
    for (let atMs = 0; atMs <= HOUR; atMs += STEP) book.fold(reading(atMs, atMs, { epoch: '' }));
    for (let step = 1; step <= 12; step += 1)
      book.fold(reading(HOUR + step * STEP, HOUR + step * STEP * 1_000, { epoch: '' }));
    expect(hoursOf(book)).toBeGreaterThan(1 + (1_000 * 11) / 12);
    expectConserved(book);
  });

  it('never bills more than ten times its usual rate, or a day of it, if all meters jump at once', () => {
    const aMove = fc.record({
      hours: fc.integer({ min: 25, max: 1_000_000 }),
      steps: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(aMove, { minLength: 1, maxLength: 4 }), (moves) => {
        const { book, at } = twoHours('');
        let atMs = 2 * HOUR;
        let extra = 0;
        for (const { hours, steps } of moves) {
          atMs += steps * STEP;
          extra += hours * steps * 20;
          at(atMs, (project) => (project + 1) * extra);
          atMs += STEP;
          at(atMs, (project) => (project + 1) * extra);
          at((atMs += STEP), (project) => (project + 1) * extra);
        }
        expectConserved(book);
        for (const [index, projectId] of PROJECTS.entries())
          expect(hoursOf(book, projectId)).toBeLessThanOrEqual(((index + 1) * atMs) / HOUR + 1e-3);
      }),
    );
  });
});

describe('an exporter that states its epoch', () => {
  it('is believed, but an absurd jump is flagged (A2)', () => {
    const { book, at } = twoHours('e');
    at(2 * HOUR + STEP, () => 876_001);
    expect(hoursOf(book)).toBeCloseTo(876_003 + 1 / 12, 3);
    expect(book.anomalyKinds).toEqual(new Set(['absurd-jump']));
    expect(book.corrections.get(METER)).toBeUndefined();
    at(2 * HOUR + 2 * STEP, () => 876_001);
    expectConserved(book);
  });

  it('may grow as fast as projects do without a flag', () => {
    const { book, at } = twoHours('e');
    at(2 * HOUR + STEP, () => 500);
    expect(book.anomalyKinds).toEqual(new Set());
  });
});

import { describe, expect, it } from 'vitest';
import { grantedOver, spanOf, usedByDay } from './allowance-data.ts';

const DAY = 86_400_000;
const at = (day: number) => Date.UTC(2026, 10, day);
const allowance = (day: number, amount: string, kind: 'initial' | 'top-up' | 'cut', resource = 'vcpu') => ({
  resource,
  price_book: null,
  unit: 'vCPU-hours',
  amount,
  kind,
  at: new Date(at(day)).toISOString(),
  reason: 'call 7',
  author: 'operator',
  written_at: new Date(at(day)).toISOString(),
});
const allowances = [
  allowance(1, '100', 'initial'),
  allowance(20, '30', 'cut'),
  allowance(10, '50.5', 'top-up'),
  allowance(9, '7', 'top-up', 'gpu'),
];

describe('the course of an allowance', () => {
  it('spans the period of the grant, with usage up to today', () => {
    const [from, to] = [new Date(at(1)).toISOString(), new Date(at(30)).toISOString()];
    expect(spanOf({ from, to, allowances }, at(20) + 3_600_000)).toEqual({
      fromMs: at(1),
      toMs: at(30),
      usedToMs: at(21),
    });
    expect(spanOf({ from, to, allowances }, at(40)).usedToMs).toBe(at(30));
    expect(spanOf({ from: null, to: null, allowances }, at(20))).toEqual({
      fromMs: at(1),
      toMs: at(21),
      usedToMs: at(21),
    });
    expect(spanOf({ from: '2020-01-01T00:00:00Z', to: null, allowances }, at(20)).fromMs).toBe(
      at(21) - 366 * DAY,
    );
  });

  it('has the usage so far after each day, and starts with the usage before', () => {
    const days = [1, 2].map((day) => ({ start: new Date(at(day)).toISOString(), amount: 10 }));
    expect(usedByDay({ used: 25 }, days, { fromMs: at(1), toMs: at(30), usedToMs: at(4) })).toEqual([
      { atMs: at(1), amount: 5 },
      { atMs: at(2), amount: 15 },
      { atMs: at(3), amount: 25 },
      { atMs: at(4), amount: 25 },
    ]);
  });

  it('has a step at each amendment, in order of time', () => {
    expect(grantedOver({ allowances }, { resource: 'vcpu' }, at(5))).toEqual([
      { atMs: at(5), amount: 100 },
      { atMs: at(10), amount: 150.5 },
      { atMs: at(20), amount: 120.5 },
    ]);
  });
});

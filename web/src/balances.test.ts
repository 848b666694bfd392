import { describe, expect, it } from 'vitest';
import type { GrantRow } from './api.ts';
import { balanceState, byUrgency, rateWords, runOutWords, type Balance } from './balances.ts';
import { dayMonthYear, exact } from './format.ts';

const balance = (more: Partial<Balance>): Balance => ({
  resource: 'vcpu',
  price_book: null,
  unit: 'vCPU-hours',
  granted: 100,
  granted_later: 0,
  used: 50,
  left: 50,
  used_share: 0.5,
  period_gone_share: null,
  rate_per_day: 1.23456,
  days: 28,
  missing_hours: 0,
  runs_out_on: null,
  reason: 'no usage',
  ...more,
});
const dated = (date: string) => balance({ runs_out_on: date, reason: null });

describe('grants', () => {
  it('stand in order of urgency: used up, soonest run-out date, the others by name, ended, without allowance', () => {
    const grants: [string, Balance[]][] = [
      ['a without', []],
      ['b ended', [balance({ reason: 'ended' })]],
      ['c lasts', [balance({ reason: 'lasts to the end of the period' })]],
      ['d later', [balance({}), dated('2026-12-09')]],
      ['e soon', [dated('2027-01-01'), dated('2026-12-03')]],
      ['f used up', [balance({}), balance({ reason: 'used up' })]],
      ['g new', [balance({ reason: 'not enough data yet' })]],
    ];
    const rows = grants.map(([name, balances]) => ({ name, balances }) as GrantRow);
    expect(byUrgency(rows).map(({ name }) => name)).toEqual([
      'f used up',
      'e soon',
      'd later',
      'c lasts',
      'g new',
      'b ended',
      'a without',
    ]);
  });
});

describe('a balance', () => {
  it('has a run-out date or a word in place of it, and a state', () => {
    const all = [dated('2026-12-03'), balance({ reason: 'used up' }), balance({})];
    expect(all.map((one) => [runOutWords(one), balanceState(one)])).toEqual([
      [dayMonthYear(Date.UTC(2026, 11, 3)), 'warn'],
      ['used up', 'bad'],
      ['no usage', 'good'],
    ]);
  });

  it('says from which days its rate comes, and what of them is missing', () => {
    expect([
      rateWords(balance({})),
      rateWords(balance({ days: 4, missing_hours: 1 })),
      rateWords(balance({ rate_per_day: null })),
    ]).toEqual([
      `${exact(1.23)} vCPU-hours a day, from the last 28 days`,
      `${exact(1.23)} vCPU-hours a day, from the last 4 days, 1 hour of them missing`,
      undefined,
    ]);
  });
});

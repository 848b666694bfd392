import { describe, expect, it } from 'vitest';
import { balancesOf, type Balance, type GrantUsage } from './balance.ts';
import { cloudKey, hourlyRate, knownDays, type CloudHour } from './burn-rate.ts';
import type { Allowance } from './grant.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 10, 12);
const MIDNIGHT = Date.UTC(2026, 5, 10);
const YEAR = { fromMs: Date.UTC(2026, 0), toMs: Date.UTC(2027, 0) };

const allowance = (amount: string, more: Partial<Allowance> = {}): Allowance => ({
  resource: 'vcpu',
  amount,
  kind: 'initial',
  atMs: YEAR.fromMs,
  reason: 'call 7',
  author: 'ada',
  writtenMs: YEAR.fromMs,
  ...more,
});

/** `perDay` vCPU-hours a day in the last ten days. */
function usage(usedHours: number, perDay = 0, days = 10): GrantUsage {
  return {
    used: new Map([['vcpu', BigInt(Math.round(usedHours * HOUR))]]),
    recent: [{ site: 'a', cloud: '', subject: 'vcpu', amountMs: BigInt(perDay * days * HOUR) }],
    known: {
      days,
      missingHours: 0,
      enough: days >= 3,
      knownMs: new Map([[cloudKey({ site: 'a', cloud: '' }), days * DAY]]),
    },
  };
}

function balance(
  allowances: readonly Allowance[],
  of: GrantUsage,
  period: { fromMs: number | undefined; toMs: number | undefined } = YEAR,
): Balance {
  const [first] = balancesOf({ ...period, allowances }, of, NOW);
  if (first === undefined) throw new Error('no balance');
  return first;
}

describe('a balance', () => {
  it('is initial allowances and top-ups, minus cuts and usage, with later allowances apart', () => {
    const allowances = [
      allowance('1000'),
      allowance('250.5', { kind: 'top-up' }),
      allowance('0.25', { kind: 'cut' }),
      allowance('70', { kind: 'top-up', atMs: NOW + 1 }),
      allowance('5', { resource: 'gpu' }),
    ];
    expect(balancesOf({ ...YEAR, allowances }, usage(312.625, 24), NOW)).toEqual([
      {
        resource: 'vcpu',
        granted: 1250.25,
        grantedLater: 70,
        used: 312.625,
        left: 937.625,
        usedShare: 312.625 / 1250.25,
        periodGoneShare: (NOW - YEAR.fromMs) / (YEAR.toMs - YEAR.fromMs),
        ratePerDay: 24,
        days: 10,
        missingHours: 0,
        runsOutOn: '2026-07-22',
        noRunOut: null,
      },
      expect.objectContaining({ resource: 'gpu', granted: 5, used: 0, left: 5, noRunOut: 'no usage' }),
    ]);
  });

  it('is exact to the last millisecond, also beside amounts that a float cannot hold', () => {
    const much = balance([allowance('999999999999999.000001')], {
      ...usage(0),
      used: new Map([['vcpu', 999_999_999_999_999n * BigInt(HOUR)]]),
    });
    expect(much.left).toBe(0.000001);
    const tenths = Array.from({ length: 10 }, () => allowance('0.1'));
    expect(balance(tenths, usage(1)).left).toBe(0);
  });

  it('has no share of the period if that is open, and no share used if nothing is granted', () => {
    const open = balance([allowance('5', { kind: 'cut' })], usage(0), { fromMs: undefined, toMs: YEAR.toMs });
    expect([open.granted, open.usedShare, open.periodGoneShare]).toEqual([-5, null, null]);
  });
});

describe('the run-out date', () => {
  const dateOf = (...args: Parameters<typeof balance>) => {
    const { runsOutOn, noRunOut } = balance(...args);
    return runsOutOn ?? noRunOut;
  };

  it('is the day on which nothing is left at the rate of the last days', () => {
    expect(dateOf([allowance('100')], usage(90, 20))).toBe('2026-06-11');
    expect(dateOf([allowance('100')], usage(90, 21))).toBe('2026-06-10');
  });

  it('counts the allowances to come, and stops at a cut', () => {
    const later = (kind: 'top-up' | 'cut') => allowance('40', { kind, atMs: NOW + DAY });
    expect(dateOf([allowance('100'), later('top-up')], usage(60, 20))).toBe('2026-06-14');
    expect(dateOf([allowance('100'), later('cut')], usage(60, 10))).toBe('2026-06-11');
    expect(dateOf([allowance('100'), later('cut')], usage(61, 0))).toBe('2026-06-11');
  });

  it('is not the instant at which a cut and a top-up count together', () => {
    const cut = allowance('90', { kind: 'cut', atMs: NOW + DAY });
    const topUp = allowance('90', { kind: 'top-up', atMs: NOW + DAY });
    for (const later of [
      [cut, topUp],
      [topUp, cut],
    ])
      expect(dateOf([allowance('100'), ...later], usage(60, 10))).toBe('2026-06-14');
  });

  it.each([
    ['ended', usage(10, 5), { fromMs: YEAR.fromMs, toMs: NOW }, '100'],
    ['not started', usage(0, 5), { fromMs: NOW + HOUR, toMs: YEAR.toMs }, '100'],
    ['used up', usage(100, 5), YEAR, '100'],
    ['not enough data yet', usage(10, 5, 2), YEAR, '100'],
    ['no usage', usage(10, 0), YEAR, '100'],
    ['lasts to the end of the period', usage(10, 1), YEAR, '1000'],
    ['lasts more than 100 years', usage(10, 1), { fromMs: undefined, toMs: undefined }, '100000'],
  ])('is not known: %s', (reason, of, period, amount) => {
    expect(dateOf([allowance(amount)], of, period)).toBe(reason);
  });

  it('takes what happens at an instant as happened then', () => {
    expect(balance([allowance('5', { atMs: NOW })], usage(0)).granted).toBe(5);
    expect(dateOf([allowance('100')], usage(90, 5), { fromMs: NOW, toMs: YEAR.toMs })).toBe('2026-06-12');
    const fullDay = { fromMs: YEAR.fromMs, toMs: NOW + DAY };
    expect(dateOf([allowance('100')], usage(76, 24), fullDay)).toBe('lasts to the end of the period');
    const inOneDay = (kind: 'top-up' | 'cut') => allowance('40', { kind, atMs: NOW + DAY });
    expect(dateOf([allowance('100'), inOneDay('top-up')], usage(76, 24))).toBe('2026-06-11');
    expect(dateOf([allowance('100'), inOneDay('cut')], usage(60, 0))).toBe('2026-06-11');
  });

  it('is not known before the first allowance counts', () => {
    expect(dateOf([allowance('100', { atMs: NOW + DAY })], usage(0, 5))).toBe('not started');
  });
});

describe('the days behind a rate', () => {
  const hours = (site: string, fromMs: number, lastMs: number, missingFromMs = Infinity): CloudHour[] =>
    Array.from({ length: (lastMs - fromMs) / HOUR }, (_, index) => {
      const startMs = fromMs + index * HOUR;
      const missing = startMs >= missingFromMs;
      return { site, cloud: '', startMs, coveredMs: missing ? 0 : HOUR, missing };
    });
  const byCloud = (...lists: CloudHour[][]) =>
    new Map(lists.map((list) => [cloudKey(list[0] ?? { site: '', cloud: '' }), list]));
  const projects = [
    { site: 'a', projectId: 'p' },
    { site: 'b', projectId: 'q', fromMs: MIDNIGHT - 5 * DAY - 6 * HOUR },
  ];

  it('are at most 28 that are over, of clouds that have a project of the grant', () => {
    const all = byCloud(
      hours('a', MIDNIGHT - 28 * DAY, MIDNIGHT),
      hours('b', MIDNIGHT - 28 * DAY, MIDNIGHT),
      hours('c', MIDNIGHT - 28 * DAY, MIDNIGHT, MIDNIGHT - DAY),
    );
    expect(knownDays({ projects }, all, NOW)).toEqual({
      days: 28,
      missingHours: 0,
      enough: true,
      knownMs: new Map([
        ['a\0', 28 * DAY],
        ['b\0', 5 * DAY + 6 * HOUR],
      ]),
    });
  });

  it('leave out missing hours from the rate, and say how many these are', () => {
    const all = byCloud(hours('a', MIDNIGHT - 4 * DAY, MIDNIGHT, MIDNIGHT - 6 * HOUR));
    const known = knownDays({ projects }, all, NOW);
    expect([known.days, known.missingHours, known.enough]).toEqual([4, 6, true]);
    const row = { site: 'a', cloud: '', subject: 'vcpu', amountMs: BigInt(2 * 90 * HOUR) };
    expect(hourlyRate(known, [row])).toBe(2);
  });

  it('are too few while less than three are complete', () => {
    const from = (ms: number, missingFromMs?: number) =>
      knownDays({ projects }, byCloud(hours('a', ms, MIDNIGHT, missingFromMs)), NOW).enough;
    expect([
      from(MIDNIGHT - 3 * DAY),
      from(MIDNIGHT - 3 * DAY + HOUR),
      from(MIDNIGHT - 3 * DAY, MIDNIGHT - HOUR),
      knownDays({ projects }, new Map(), NOW).enough,
    ]).toEqual([true, false, false, false]);
  });

  it('miss nothing at a cloud that is retired', () => {
    const known = knownDays({ projects }, byCloud(hours('a', MIDNIGHT - 20 * DAY, MIDNIGHT - 10 * DAY)), NOW);
    expect([known.days, known.missingHours, known.knownMs.get('a\0')]).toEqual([20, 0, 20 * DAY]);
  });
});

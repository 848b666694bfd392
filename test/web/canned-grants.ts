import type { GrantDetail } from '../../src/portal/api/shapes/grant-answers.ts';
import { cannedGrant } from './canned-ledger.ts';
import type { CannedLedger } from './canned-portal.ts';

type Balance = NonNullable<GrantDetail['balances']>[number];
type Allowance = NonNullable<GrantDetail['allowances']>[number];

/** Grants in every state: used up, about to run out, going on, new, not started, ended, and without an allowance. */
export function cannedGrants({ projects }: CannedLedger): GrantDetail[] {
  const linked = (first: number) =>
    projects.slice(first, first + 2).map((row) => ({ site: row.site, id: row.project_id }));
  const year = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
  return [
    cannedGrant('archive', linked(2)),
    cannedGrant('climate', linked(4), {
      ...year,
      title: 'Klimamodelle der Nordsee',
      account: 'university',
      labels: { field: 'climate science' },
      people: [
        { person: 'p-17', role: 'lead', name: 'Ada Lovelace', mail: 'ada@example.org' },
        { person: 'p-18', role: 'member', name: null, mail: null },
      ],
      balances: [
        balance({ granted: 12_000, used: 10_400, runs_out_on: '2026-12-09', missing_hours: 3, reason: null }),
        balance({ resource: 'gpu', unit: 'GPU-hours', granted: 900.5, used: 120 }),
      ],
      allowances: [
        allowance('10000', 'initial', year.from),
        allowance('900.5', 'initial', year.from, { resource: 'gpu', unit: 'GPU-hours' }),
        allowance('2500', 'top-up', '2026-11-18T00:00:00.000Z', {
          author: 'ada',
          reason: 'a <b>longer</b> run',
        }),
        allowance('500', 'cut', '2026-11-20T12:00:00.000Z', { reason: 'moved to imaging' }),
      ],
    }),
    cannedGrant('course', linked(6), {
      ...year,
      balances: [balance({ granted: 100, used: 120.25, reason: 'used up' })],
      allowances: [allowance('100', 'initial', year.from)],
    }),
    cannedGrant('ended', linked(8), {
      from: '2025-01-01T00:00:00.000Z',
      to: '2026-01-01T00:00:00.000Z',
      balances: [balance({ granted: 1000, used: 740, reason: 'ended', period_gone_share: 1 })],
      allowances: [allowance('1000', 'initial', '2025-01-01T00:00:00.000Z')],
    }),
    cannedGrant('imaging', linked(10), {
      balances: [balance({ granted: 5000, used: 2, reason: 'not enough data yet', period_gone_share: null })],
      allowances: [allowance('5000', 'initial', '2026-11-21T00:00:00.000Z')],
    }),
    cannedGrant('next year', linked(12), {
      from: '2027-01-01T00:00:00.000Z',
      to: null,
      balances: [balance({ granted: 0, granted_later: 700, used: 0, reason: 'not started' })],
      allowances: [allowance('700', 'initial', '2027-01-01T00:00:00.000Z')],
    }),
  ];
}

function balance(more: Partial<Balance> & Pick<Balance, 'granted' | 'used'>): Balance {
  const { granted, used, reason = 'lasts to the end of the period' } = more;
  return {
    resource: 'vcpu',
    price_book: null,
    unit: 'vCPU-hours',
    granted_later: 0,
    left: granted - used,
    used_share: granted > 0 ? used / granted : null,
    period_gone_share: 0.8921,
    rate_per_day: reason === null || reason === 'lasts to the end of the period' ? 95.5 : null,
    days: 28,
    missing_hours: 0,
    runs_out_on: null,
    ...more,
    reason,
  };
}

function allowance(
  amount: string,
  kind: Allowance['kind'],
  at: string,
  more: Partial<Allowance> = {},
): Allowance {
  return {
    resource: 'vcpu',
    price_book: null,
    unit: 'vCPU-hours',
    amount,
    kind,
    at,
    reason: 'call 7',
    author: 'operator',
    written_at: at,
    ...more,
  };
}

import type { Api, GrantDetail, UsageRow } from '../../api.ts';
import type { Balance } from '../../balances.ts';
import { DAY_MS } from '../../format.ts';
import { UTC } from '../../periods/zone.ts';

const MOST_DAYS = 366;

/** The allowance of one resource and its usage over time. */
export interface AllowanceCourse {
  balance: Balance;
  fromMs: number;
  /** The end of the period, or the end of today. */
  toMs: number;
  /** The usage so far at the end of each day, oldest first. Starts with the usage before `fromMs`. */
  used: { atMs: number; amount: number }[];
  /** The allowance from each instant on. */
  granted: { atMs: number; amount: number }[];
  months: MonthUsage[];
}

/** The usage of one month by site. */
interface MonthUsage {
  startMs: number;
  sites: ReadonlyMap<string, number>;
  amount: number;
}

/** The courses of all allowances of resources of a grant, of the period of the grant or its last year. */
export async function loadAllowances(
  api: Api,
  grant: GrantDetail,
  signal: AbortSignal,
): Promise<AllowanceCourse[]> {
  const span = spanOf(grant, api.nowMs());
  const question = { fromMs: span.fromMs, toMs: span.usedToMs, zone: UTC, grant: grant.name };
  // Charges have no usage of their own.
  const balances = (grant.balances ?? []).filter(({ price_book }) => price_book === null);
  if (balances.length === 0) return [];
  const [days, months] =
    span.fromMs >= span.usedToMs
      ? [[], []]
      : await Promise.all([
          api.usage({ ...question, step: 'day', by: ['resource'] }, signal),
          api.usage({ ...question, step: 'month', by: ['site', 'resource'] }, signal),
        ]);
  return balances.map((balance) => ({
    balance,
    fromMs: span.fromMs,
    toMs: span.toMs,
    used: usedByDay(balance, ofResource(days, balance), span),
    granted: grantedOver(grant, balance, span.fromMs),
    months: usedByMonth(ofResource(months, balance)),
  }));
}

interface AllowanceSpan {
  fromMs: number;
  toMs: number;
  /** Usage is known up to here at most. */
  usedToMs: number;
}

/** The period of the grant, at most its last year. An open period starts with the first allowance. */
export function spanOf(
  { from, to, allowances }: Pick<GrantDetail, 'from' | 'to' | 'allowances'>,
  nowMs: number,
): AllowanceSpan {
  const dayEndMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
  const endMs = to === null ? dayEndMs : Date.parse(to);
  const usedToMs = Math.min(dayEndMs, endMs);
  const firstMs = Math.min(dayEndMs, ...(allowances ?? []).map(({ at }) => Date.parse(at)));
  const startMs = from === null ? Math.floor(firstMs / DAY_MS) * DAY_MS : Date.parse(from);
  const fromMs = Math.max(startMs, usedToMs - MOST_DAYS * DAY_MS);
  return { fromMs, toMs: Math.min(endMs, fromMs + 2 * MOST_DAYS * DAY_MS), usedToMs };
}

function ofResource(rows: readonly UsageRow[], { resource }: Balance): UsageRow[] {
  return rows.filter((row) => row.resource === resource);
}

/** Ends with the amount of the balance, which was read together with what is left. */
export function usedByDay(
  { used }: Pick<Balance, 'used'>,
  days: readonly Pick<UsageRow, 'start' | 'amount'>[],
  { fromMs, usedToMs }: AllowanceSpan,
): AllowanceCourse['used'] {
  const shown = days.reduce((sum, { amount }) => sum + amount, 0);
  let amount = Math.max(0, used - shown);
  const course = [{ atMs: fromMs, amount }];
  for (const day of [...days].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    amount += day.amount;
    course.push({ atMs: Math.min(Date.parse(day.start) + DAY_MS, usedToMs), amount });
  }
  // Days without usage have no row.
  const last = course.at(-1);
  if (last !== undefined && last.atMs < usedToMs) course.push({ atMs: usedToMs, amount });
  return course;
}

export function grantedOver(
  { allowances }: Pick<GrantDetail, 'allowances'>,
  { resource }: Pick<Balance, 'resource'>,
  fromMs: number,
): AllowanceCourse['granted'] {
  const inOrder = (allowances ?? [])
    .filter((allowance) => allowance.resource === resource)
    .map(({ at, amount, kind }) => ({
      atMs: Date.parse(at),
      change: kind === 'cut' ? -Number(amount) : Number(amount),
    }))
    .sort((a, b) => a.atMs - b.atMs);
  let amount = inOrder.filter(({ atMs }) => atMs <= fromMs).reduce((sum, { change }) => sum + change, 0);
  const course = [{ atMs: fromMs, amount }];
  for (const { atMs, change } of inOrder.filter((one) => one.atMs > fromMs)) {
    amount += change;
    course.push({ atMs, amount });
  }
  return course;
}

function usedByMonth(rows: readonly UsageRow[]): MonthUsage[] {
  const months = new Map<number, { sites: Map<string, number>; amount: number }>();
  for (const { start, site = '', amount } of rows) {
    const startMs = Date.parse(start);
    const month = months.get(startMs) ?? { sites: new Map<string, number>(), amount: 0 };
    month.sites.set(site, (month.sites.get(site) ?? 0) + amount);
    month.amount += amount;
    months.set(startMs, month);
  }
  return [...months].map(([startMs, month]) => ({ startMs, ...month }));
}

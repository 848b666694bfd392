import type { GrantRow } from './api.ts';
import { dayMonthYear, exact, plural } from './format.ts';
import { compareText } from './names.ts';

/** A grant's allowance of one resource, and what of it is left. */
export type Balance = NonNullable<GrantRow['balances']>[number];

/** How much a balance needs attention: bad if it is used up, and a warning if it runs out before the end. */
export type BalanceState = 'bad' | 'warn' | 'good';

export function balanceState({ reason, runs_out_on }: Balance): BalanceState {
  if (reason === 'used up') return 'bad';
  return runs_out_on === null ? 'good' : 'warn';
}

/** Used up first, then by run-out date, then the rest. The portal sends a date only before the end of the period. */
export function byUrgency(grants: readonly GrantRow[]): GrantRow[] {
  const keyed = grants.map((grant) => ({ grant, key: urgencyOf(grant) }));
  return keyed.sort((a, b) => compareText(a.key, b.key)).map(({ grant }) => grant);
}

/** Keys in order of urgency: dates are between the words for "now" and "not known". */
function urgencyOf({ balances }: GrantRow): string {
  return (balances ?? []).map(keyOf).sort(compareText)[0] ?? NO_ALLOWANCE;
}

const [USED_UP, GOES_ON, ENDED, NO_ALLOWANCE] = ['0', 'x', 'y', 'z'];

function keyOf({ reason, runs_out_on }: Balance): string {
  if (reason === 'used up') return USED_UP;
  if (reason === 'ended') return ENDED;
  return runs_out_on ?? GOES_ON;
}

/** The run-out date, or a word for why there is none. */
export function runOutWords({ runs_out_on, reason }: Balance): string {
  if (runs_out_on !== null) return dayMonthYear(Date.parse(runs_out_on));
  return reason === null ? 'not known' : REASONS[reason];
}

const REASONS: Readonly<Record<NonNullable<Balance['reason']>, string>> = {
  'not started': 'not started',
  ended: 'ended',
  'used up': 'used up',
  'not enough data yet': 'not enough data yet',
  'no usage': 'no usage',
  'lasts to the end of the period': 'lasts to the end',
  'lasts more than 100 years': 'lasts more than 100 years',
};

/** `From 20 days, 3 hours of them missing: 612 vCPU-hours a day.`; undefined without a rate. */
export function rateWords({ rate_per_day, days, missing_hours, unit }: Balance): string | undefined {
  if (rate_per_day === null) return undefined;
  const missing = missing_hours === 0 ? '' : `, ${plural(missing_hours, 'hour')} of them missing`;
  return `${exact(Number(rate_per_day.toPrecision(3)))} ${unit} a day, from the last ${plural(days, 'day')}${missing}`;
}

import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { hourlyRate, type CloudUsage, type KnownDays } from './burn-rate.ts';
import type { Allowance, PresentGrant } from './grant.ts';

/** Why a balance has no run-out date. */
export const NO_RUN_OUT = [
  'not started',
  'ended',
  'used up',
  'not enough data yet',
  'no usage',
  'lasts to the end of the period',
  'lasts more than 100 years',
] as const;

type NoRunOut = (typeof NO_RUN_OUT)[number];

/** The balance of one resource of a grant, or of its charges. Amounts are amount × hours, or in the unit of the book. */
export interface Balance {
  resource: string;
  priceBook: string | undefined;
  /** The sum of the allowances that count now. */
  granted: number;
  /** The sum of the allowances that count later. */
  grantedLater: number;
  /** Usage in the period of the grant. */
  used: number;
  /** Negative if more is used than granted. */
  left: number;
  /** Null if nothing is granted. */
  usedShare: number | null;
  /** Null if the period is open. */
  periodGoneShare: number | null;
  /** The usage of a day, from the last days; null if these are too few. */
  ratePerDay: number | null;
  /** The days behind the rate, and the hours of them that are missing. */
  days: number;
  missingHours: number;
  /** A date, UTC; null for the reason that follows. */
  runsOutOn: string | null;
  noRunOut: NoRunOut | null;
}

/** The key of the usage that an allowance is for. */
export function subjectOf({ resource, priceBook }: Pick<Allowance, 'resource' | 'priceBook'>): string {
  return priceBook === undefined ? resource : `${resource} ${priceBook}`;
}

/** The usage of a grant as the ledger has it: integers of amount × milliseconds, or of charges × an hour in milliseconds. */
export interface GrantUsage {
  /** In the period of the grant, by subject. */
  used: ReadonlyMap<string, bigint>;
  recent: readonly CloudUsage[];
  known: KnownDays;
}

type DatedGrant = Pick<PresentGrant, 'fromMs' | 'toMs' | 'allowances'>;

/** Amounts of allowances have at most six decimal places. */
const PLACES = 6;
/** Sums are exact: integers of amount × milliseconds × 10^6. */
const PER_AMOUNT_MS = 10n ** BigInt(PLACES);
const PER_AMOUNT_HOUR = PER_AMOUNT_MS * BigInt(MS_PER_HOUR);
const HOURS_PER_DAY = 24;
const MOST_MS = 100 * 365.25 * 86_400_000;

/** The balance of each subject that has an allowance, in the order of their first allowances. */
export function balancesOf(grant: DatedGrant, usage: GrantUsage, nowMs: number): Balance[] {
  const first = new Map(grant.allowances.toReversed().map((allowance) => [subjectOf(allowance), allowance]));
  const subjects = new Set(grant.allowances.map(subjectOf));
  return [...subjects].map((subject) => {
    const { resource = '', priceBook } = first.get(subject) ?? {};
    return { resource, priceBook, ...balanceOf(subject, grant, usage, nowMs) };
  });
}

function balanceOf(
  subject: string,
  grant: DatedGrant,
  { used, recent, known }: GrantUsage,
  nowMs: number,
): Omit<Balance, 'resource' | 'priceBook'> {
  const allowances = grant.allowances.filter((allowance) => subjectOf(allowance) === subject);
  const later = allowances.filter(({ atMs }) => atMs > nowMs).sort((a, b) => a.atMs - b.atMs);
  const [granted, grantedLater] = [sumOf(allowances) - sumOf(later), sumOf(later)];
  const spent = (used.get(subject) ?? 0n) * PER_AMOUNT_MS;
  const rate = hourlyRate(
    known,
    recent.filter((row) => row.subject === subject),
  );
  const course = {
    started: later.length < allowances.length,
    left: granted - spent,
    rate,
    enough: known.enough,
    later,
  };
  return {
    granted: hoursOf(granted),
    grantedLater: hoursOf(grantedLater),
    used: hoursOf(spent),
    left: hoursOf(course.left),
    usedShare: granted > 0n ? Number(spent) / Number(granted) : null,
    periodGoneShare: periodGone(grant, nowMs),
    ratePerDay: known.enough ? rate * HOURS_PER_DAY : null,
    days: known.days,
    missingHours: known.missingHours,
    ...runOut(grant, course, nowMs),
  };
}

/** The sum of allowances; a cut takes away. */
function sumOf(allowances: readonly Allowance[]): bigint {
  return allowances.reduce((sum, allowance) => sum + signed(allowance), 0n);
}

function signed({ amount, kind }: Allowance): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  const exact = BigInt(whole + fraction.padEnd(PLACES, '0')) * BigInt(MS_PER_HOUR);
  return kind === 'cut' ? -exact : exact;
}

function hoursOf(exact: bigint): number {
  return Number(exact) / Number(PER_AMOUNT_HOUR);
}

function periodGone({ fromMs, toMs }: DatedGrant, nowMs: number): number | null {
  if (fromMs === undefined || toMs === undefined) return null;
  return Math.min(1, Math.max(0, (nowMs - fromMs) / (toMs - fromMs)));
}

/** How an allowance goes on from now. */
interface Course {
  /** Whether an allowance counts already. */
  started: boolean;
  left: bigint;
  /** Amount × hours in an hour. */
  rate: number;
  enough: boolean;
  /** The allowances that count later, in order of time. */
  later: readonly Allowance[];
}

function runOut(
  { fromMs = -Infinity, toMs = Infinity }: DatedGrant,
  course: Course,
  nowMs: number,
): Pick<Balance, 'runsOutOn' | 'noRunOut'> {
  const none = (noRunOut: NoRunOut) => ({ runsOutOn: null, noRunOut });
  if (nowMs >= toMs) return none('ended');
  if (nowMs < fromMs || !course.started) return none('not started');
  if (course.left <= 0n) return none('used up');
  if (!course.enough) return none('not enough data yet');
  const atMs = runOutMs(course, nowMs);
  if (atMs === Infinity) return none('no usage');
  if (atMs >= toMs) return none('lasts to the end of the period');
  if (atMs > nowMs + MOST_MS) return none('lasts more than 100 years');
  return { runsOutOn: new Date(atMs).toISOString().slice(0, 10), noRunOut: null };
}

/** When nothing is left if usage goes on at the rate; infinite if that never happens. */
function runOutMs({ left, rate, later }: Course, nowMs: number): number {
  let [leftHours, atMs] = [hoursOf(left), nowMs];
  for (const [laterMs, granted] of sumsByInstant(later)) {
    const emptyMs = atMs + (leftHours / rate) * MS_PER_HOUR;
    if (emptyMs <= laterMs) return emptyMs;
    leftHours += hoursOf(granted) - (rate * (laterMs - atMs)) / MS_PER_HOUR;
    atMs = laterMs;
    if (leftHours <= 0) return atMs;
  }
  return rate > 0 ? atMs + (leftHours / rate) * MS_PER_HOUR : Infinity;
}

/** A cut and a top-up at the same instant count together: nothing runs out between them. */
function sumsByInstant(allowances: readonly Allowance[]): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const allowance of allowances)
    sums.set(allowance.atMs, (sums.get(allowance.atMs) ?? 0n) + signed(allowance));
  return sums;
}

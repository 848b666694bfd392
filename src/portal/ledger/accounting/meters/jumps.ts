import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';

const HOUR = BigInt(MS_PER_HOUR);
const DAY_MS = 24 * MS_PER_HOUR;
const YEAR_MS = 365 * DAY_MS;

/** Growth is slower: of a meter's usual rate, and at least so much time of it at once (decision 0003). */
const LARGEST_GROWTH = 10;
const ABSURD_GROWTH = 100;

/** One meter at an instant at which others of its cloud are read too. */
export interface Move {
  /** By how much its total rose. */
  difference: bigint;
  durationMs: number;
  /** Its largest usage of an hour lately; undefined where it is larger than any that the difference could exceed. */
  usualHour: bigint | undefined;
  /** What its last reading was corrected by as a jump; 0 where it was none. Growth goes on, a base moves once. */
  jumpedBy: bigint;
}

/** A meter by its open hour. */
interface OpenMeter {
  lastTotal: bigint;
  open: { amount: bigint };
}

/** A meter by all that the ledger has seen of it. */
interface LivedMeter {
  opening: bigint;
  lastTotal: bigint;
  firstAtMs: number;
  lastAtMs: number;
}

/** Whether so many meters jumped at once that their totals have a new base: a quarter of those whose rate is known. */
export function isNewBase(moves: readonly Move[]): boolean {
  const known = moves.filter(({ difference, usualHour }) => difference > 0n && usualHour !== 0n);
  const jumped = known.filter(hasJumped);
  return jumped.length > 0 && 4 * jumped.length >= known.length;
}

function hasJumped({ difference, durationMs, usualHour, jumpedBy }: Move): boolean {
  if (usualHour === undefined || difference <= 2n * jumpedBy) return false;
  return exceeds(difference, usualHour, Math.max(LARGEST_GROWTH * durationMs, DAY_MS));
}

/** Whether a meter may have jumped, by its open hour alone: its usual hour has that much, or more. */
export function mayJump({ lastTotal, open }: OpenMeter, total: bigint): boolean {
  return exceeds(total - lastTotal, open.amount, DAY_MS);
}

/** Whether a total rose by what takes a year at the mean rate that the ledger knows of its meter, and a hundred times as fast. */
export function isAbsurd(
  { opening, lastTotal, firstAtMs, lastAtMs }: LivedMeter,
  { total, atMs }: { total: bigint; atMs: number },
): boolean {
  const used = lastTotal - opening;
  if (used <= 0n || lastAtMs <= firstAtMs) return false;
  const longestMs = Math.max(ABSURD_GROWTH * (atMs - lastAtMs), YEAR_MS);
  return (total - lastTotal) * BigInt(lastAtMs - firstAtMs) > used * BigInt(longestMs);
}

function exceeds(difference: bigint, usualHour: bigint, durationMs: number): boolean {
  return difference > 0n && difference * HOUR > usualHour * BigInt(durationMs);
}

import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';

const HOUR = BigInt(MS_PER_HOUR);
const DAY_MS = 24 * MS_PER_HOUR;
const YEAR_MS = 365 * DAY_MS;

/** Real growth is slower than this many times a meter's usual rate (decision 0003). */
const LARGEST_GROWTH = 10;
const ABSURD_GROWTH = 100;

/** How the total of one meter moved, to be compared with the other meters of its cloud at the same instant. */
export interface Move {
  /** The increase of its total. */
  difference: bigint;
  durationMs: number;
  /** Its largest usage in a recent hour; undefined if the difference is too small to be a jump. */
  usualHour: bigint | undefined;
  /** The correction of its last reading as a jump; 0 if that was none. Growth continues, but a base moves once. */
  jumpedBy: bigint;
}

/** A meter with its open hour. */
interface OpenMeter {
  lastTotal: bigint;
  open: { amount: bigint };
}

/** The first and the last reading of a meter. */
interface MeterHistory {
  opening: bigint;
  lastTotal: bigint;
  firstAtMs: number;
  lastAtMs: number;
}

/** Whether the totals have a new base: at least a quarter of the meters with a known rate jumped at once. */
export function isNewBase(moves: readonly Move[]): boolean {
  const known = moves.filter(({ difference, usualHour }) => difference > 0n && usualHour !== 0n);
  const jumped = known.filter(hasJumped);
  return jumped.length > 0 && 4 * jumped.length >= known.length;
}

function hasJumped({ difference, durationMs, usualHour, jumpedBy }: Move): boolean {
  if (usualHour === undefined || difference <= 2n * jumpedBy) return false;
  return exceeds(difference, usualHour, Math.max(LARGEST_GROWTH * durationMs, DAY_MS));
}

/** Whether a meter may have jumped, judged only by its open hour. Its usual hour is at least as large. */
export function mayJump({ lastTotal, open }: OpenMeter, total: bigint): boolean {
  return exceeds(total - lastTotal, open.amount, DAY_MS);
}

/** Whether a total rose by more than a year of its meter's mean rate, and a hundred times faster than this rate. */
export function isAbsurd(
  { opening, lastTotal, firstAtMs, lastAtMs }: MeterHistory,
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

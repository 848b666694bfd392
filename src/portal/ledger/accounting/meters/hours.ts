import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';

/** The part of an amount in one hour. */
export interface HourShare {
  /** Whole hours since the Unix epoch, UTC. */
  hour: number;
  amount: bigint;
}

/** The hour that contains an instant. A full hour belongs to the hour that starts there. */
export function hourAt(ms: number): number {
  return Math.floor(ms / MS_PER_HOUR);
}

/** The hour in which an interval ends. A full hour belongs to the hour that ends there. */
export function hourBefore(ms: number): number {
  return Math.ceil(ms / MS_PER_HOUR) - 1;
}

/** Whether no hour starts inside the interval. */
export function liesInOneHour(fromMs: number, toMs: number): boolean {
  return fromMs >= toMs || hourAt(fromMs) === hourBefore(toMs);
}

/**
 * Spreads an amount over the hours of an interval in proportion to time (rule A2). The shares are whole numbers and add
 * up to the amount: each is the difference of two rounded running sums. Hours without a share are left out. An interval
 * without length counts to the hour in which it ends. The cost grows with the number of shares, not with the length of
 * the interval.
 */
export function* spreadOverHours(amount: bigint, fromMs: number, toMs: number): Generator<HourShare> {
  if (liesInOneHour(fromMs, toMs)) {
    if (amount !== 0n) yield { hour: hourBefore(toMs), amount };
    return;
  }
  const length = BigInt(toMs - fromMs);
  for (let before = 0n; before < amount;) {
    // Rounded up: the first instant with a larger running sum.
    const nextMs = ((before + 1n) * length + amount - 1n) / amount;
    const hour = hourBefore(fromMs + Number(nextMs));
    const endMs = Math.min((hour + 1) * MS_PER_HOUR, toMs);
    const upTo = (amount * BigInt(endMs - fromMs)) / length;
    yield { hour, amount: upTo - before };
    before = upTo;
  }
}

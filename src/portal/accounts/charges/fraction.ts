import type { Rounding } from './price-book.ts';

/** An exact number. The denominator is positive. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

/** A decimal text as an integer of 10^-places. It has at most so many places. */
export function scaled(decimal: string, places: number): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(places, '0'));
}

export function largestDivisor(one: bigint, other: bigint): bigint {
  let [a, b] = [one < 0n ? -one : one, other];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

export function difference(one: Fraction, other: Fraction): Fraction {
  return {
    numerator: one.numerator * other.denominator - other.numerator * one.denominator,
    denominator: one.denominator * other.denominator,
  };
}

/** `390208/5`, in lowest terms, so that equal amounts are equal texts; `104` for a whole number. */
export function exactText({ numerator, denominator }: Fraction): string {
  const divisor = largestDivisor(numerator, denominator);
  const below = denominator / divisor;
  return below === 1n ? `${numerator / divisor}` : `${numerator / divisor}/${below}`;
}

/** The decimal with `places` places. This is the only rounding of an amount. */
export function rounded({ numerator, denominator }: Fraction, places: number, mode: Rounding): string {
  const isNegative = numerator < 0n;
  const shifted = (isNegative ? -numerator : numerator) * 10n ** BigInt(places);
  const [below, rest] = [shifted / denominator, shifted % denominator];
  const digits = below + (goesUp(below, 2n * rest, denominator, mode) ? 1n : 0n);
  const text = String(digits).padStart(places + 1, '0');
  const cut = text.length - places;
  const decimal = places === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`;
  return isNegative && digits > 0n ? `-${decimal}` : decimal;
}

/** Whether a positive number is rounded away from zero; `twice` is its rest times two. */
function goesUp(below: bigint, twice: bigint, denominator: bigint, mode: Rounding): boolean {
  if (mode === 'up') return twice > 0n;
  if (mode === 'down') return false;
  if (twice !== denominator) return twice > denominator;
  return mode === 'half-up' || below % 2n === 1n;
}

/** A decimal without needless zeros where six places say it exactly, or else the fraction. */
export function shortText(fraction: Fraction): string {
  const PLACES = 6;
  if ((fraction.numerator * 10n ** BigInt(PLACES)) % fraction.denominator !== 0n) return exactText(fraction);
  return rounded(fraction, PLACES, 'down').replace(/\.?0+$/, '');
}

import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { largestDivisor } from './fraction.ts';
import type { PriceBook } from './price-book.ts';

/** The most decimal places of a price, and of a factor. */
export const PLACES = { price: 12, factor: 6 } as const;

/** The fixed denominators of a book (rule C3). */
export interface Denominators {
  /** A multiple of every unit size of the book. */
  unit: bigint;
  /** Of units × factor of a step × factor of a state. */
  quantity: bigint;
  /** Of quantity × price × amount × milliseconds. */
  charge: bigint;
}

/** All unit sizes of a book. */
export function unitSizes({ version }: Pick<PriceBook, 'version'>): ReadonlySet<number> {
  const sizes = version.flatMap(({ server, resource, fallback }) => [
    ...server.flatMap(({ sum }) => sum.flatMap(({ per }) => Object.values(per))),
    ...[...resource, ...fallback].map(({ per }) => per),
  ]);
  return new Set(sizes.map((size) => size ?? 1));
}

/** Charges of a year ask for the same book thousands of times. */
const known = new WeakMap<PriceBook, Denominators>();

export function denominatorsOf(book: PriceBook): Denominators {
  const denominators = known.get(book) ?? computed(book);
  known.set(book, denominators);
  return denominators;
}

function computed(book: PriceBook): Denominators {
  const unit = [...unitSizes(book)]
    .map(BigInt)
    .reduce((one, other) => (one * other) / largestDivisor(one, other), 1n);
  const quantity = unit * 10n ** BigInt(2 * PLACES.factor);
  return { unit, quantity, charge: quantity * 10n ** BigInt(PLACES.price) * BigInt(MS_PER_HOUR) };
}

import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { charge, type Charges } from '../charges/charge.ts';
import { scaled, type Fraction } from '../charges/fraction.ts';
import { versionAt, type BookVersion, type PriceBook } from '../charges/price-book.ts';
import { PLACES } from '../charges/units.ts';
import { timeWords } from '../wording.ts';
import { usageOf, type Wish } from './quoted-usage.ts';

/** What something costs by a price book. */
export interface Quote {
  book: PriceBook;
  version: BookVersion;
  /** The time that the charges are for. */
  timeMs: bigint;
  charges: Charges;
  /** How long an amount lasts, if that is the question. Charges are then those of an hour. */
  lasts: { amount: string; hours: Fraction } | undefined;
}

/** What to price: for so long, or until an amount is used up. */
export interface QuoteQuestion extends Wish {
  hours?: bigint | undefined;
  amount?: string | undefined;
}

/** Throws `UserError` for a question without an answer. */
export function quoteOf(book: PriceBook, { hours, amount, ...wish }: QuoteQuestion): Quote {
  const version = versionAt(book, wish.atMs);
  if (version === undefined)
    throw new UserError(
      `'${book.name}' begins on ${timeWords(Date.parse(book.version[0]?.from ?? ''))}; choose a later date`,
    );
  if (wish.servers.length + wish.amounts.length === 0)
    throw new UserError('say what to price: add a server or a resource');
  const timeMs = amount === undefined ? hours : BigInt(MS_PER_HOUR);
  if (timeMs === undefined) throw new UserError('add hours, or an amount to see how long it lasts');
  const charges = charge(usageOf(wish, timeMs), book);
  const lasts = amount === undefined ? undefined : { amount, hours: hoursFor(amount, charges) };
  return { book, version, timeMs, charges, lasts };
}

/** How long an amount lasts, from what an hour costs. */
function hoursFor(amount: string, { total, denominators, lines }: Charges): Fraction {
  if (lines.length === 0) throw new UserError('the price book has no price for it, so no amount is used up');
  if (total === 0n) throw new UserError('by this price book it costs nothing, so no amount is used up');
  const places = 10n ** BigInt(PLACES.price);
  return { numerator: scaled(amount, PLACES.price) * denominators.charge, denominator: places * total };
}

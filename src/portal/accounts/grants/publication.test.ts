import { describe, expect, it } from 'vitest';
import { priceBookDocument } from '../price-books/documents.ts';
import { published } from './publication.ts';
import { RuleError } from './rules.ts';
import type { StoredBook } from './stored.ts';

const versionOf = (from: string, price: string, reason = 'call 7') => ({
  from,
  reason,
  resource: [{ resource: 'vcpu', price }],
});
const bookOf = (...version: object[]) =>
  priceBookDocument.parse({ name: 'EUR', unit: 'EUR', scale: 2, rounding: 'half-up', version });

const ADA = { author: 'ada', written: '2026-01-01T00:00:00Z' };
const BOB = { author: 'bob', written: '2026-05-01T00:00:00Z' };
const [JANUARY, MARCH] = [versionOf('2026-01-01', '1'), versionOf('2026-03-01', '2')];
/** As the database has it: with the keys in another order. */
const present = JSON.parse(
  JSON.stringify(published(bookOf(JANUARY, MARCH), undefined, ADA), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toReversed())
      : value,
  ),
) as StoredBook;

function outcome(book: ReturnType<typeof bookOf>) {
  try {
    return published(book, present, BOB).version.map(({ from, author }) => `${from.slice(0, 10)} ${author}`);
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
}

describe('a published version', () => {
  it.each([
    [
      [JANUARY, MARCH],
      ['2026-01-01 ada', '2026-03-01 ada'],
    ],
    [
      [JANUARY, versionOf('2026-02-01', '3'), MARCH, versionOf('2026-03-01', '4')],
      ['2026-01-01 ada', '2026-02-01 bob', '2026-03-01 ada', '2026-03-01 bob'],
    ],
    [
      [JANUARY],
      "price book 'EUR': the version from 2026-03-01 was published, and is missing or has changed; published versions stay: put it back, and add one with the same from after it",
    ],
    [
      [versionOf('2026-01-01', '9'), MARCH],
      "price book 'EUR': the version from 2026-01-01 was published, and is missing or has changed; published versions stay: put it back, and add one with the same from after it",
    ],
  ])('stays, and others come beside it: %j', (versions, expected) => {
    expect(outcome(bookOf(...versions))).toEqual(expected);
  });

  it('has a reason', () => {
    const { reason: _reason, ...without } = versionOf('2027-01-01', '3');
    expect(outcome(bookOf(JANUARY, MARCH, without))).toBe(
      "price book 'EUR': version[3] (from 2027-01-01): reason: missing; say why these prices",
    );
  });

  it('keeps the unit of its book', () => {
    expect(outcome({ ...bookOf(JANUARY, MARCH), unit: 'credits' })).toBe(
      `price book 'EUR': unit: was "EUR"; a price book keeps its unit: give the new one a book of its own`,
    );
  });
});

import { isDeepStrictEqual } from 'node:util';
import type { PriceBook } from '../charges/price-book.ts';
import { timeOr } from '../wording.ts';
import { RuleError } from './rules.ts';
import type { PublishedVersion, StoredBook } from './stored.ts';

/**
 * The book with author and time of its new versions. Every published version stays as it is: what somebody was charged by can
 * be read for ever. A version with the date of a published one, and after it, takes its place.
 */
export function published(
  book: PriceBook,
  before: StoredBook | undefined,
  by: { author: string; written: string },
): StoredBook {
  const where = `price book '${book.name}'`;
  if (before !== undefined && before.unit !== book.unit)
    throw new RuleError(
      `${where}: unit: was "${before.unit}"; a price book keeps its unit: give the new one a book of its own`,
    );
  const earlier = [...(before?.version ?? [])];
  const version = book.version.map((one, index): PublishedVersion => {
    const next = earlier[0];
    if (next !== undefined && isDeepStrictEqual(one, unpublished(next))) return earlier.shift() ?? next;
    if (one.reason === undefined)
      throw new RuleError(
        `${where}: version[${index + 1}] (from ${timeOr(one.from, '')}): reason: missing; say why these prices`,
      );
    return { ...one, ...by };
  });
  const [missing] = earlier;
  if (missing !== undefined)
    throw new RuleError(
      `${where}: the version from ${timeOr(missing.from, '')} was published, and is missing or has changed; published versions stay: put it back, and add one with the same from after it`,
    );
  return { ...book, version };
}

/** A version as its author wrote it. */
export function unpublished({ author: _author, written: _written, ...version }: PublishedVersion) {
  return version;
}

import type { PriceBook } from '../../portal/accounts/charges/price-book.ts';
import { parsedTables } from '../../portal/accounts/grants/toml-file.ts';
import { priceBooksFile } from '../../portal/accounts/price-books/documents.ts';
import { readTomlFile } from '../../runtime/files/toml-file.ts';
import { UserError } from '../../runtime/user-error.ts';

/** Reads a file of price books. Throws `UserError`. */
export function readPriceBooks(path: string): readonly PriceBook[] {
  const { price_book } = parsedTables(priceBooksFile, readTomlFile(path), path);
  if (price_book.length === 0) throw new UserError(`${path}: there is no [[price_book]]`);
  return price_book;
}

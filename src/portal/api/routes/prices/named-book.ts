import type { AccountsState } from '../../../accounts/accounts.ts';
import type { StoredBook } from '../../../accounts/grants/stored.ts';
import { RequestError } from '../../shapes/request-error.ts';

/** The book that a question names. Throws `RequestError`. */
export function namedBook(books: AccountsState['books'], name: string): StoredBook {
  const book = books.find(({ document }) => document.name === name);
  if (book !== undefined) return book.document;
  throw new RequestError(`book: there is no price book '${name}'; /api/v1/price-books lists them`);
}

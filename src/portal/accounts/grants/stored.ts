import type { BookVersion, PriceBook } from '../charges/price-book.ts';
import type { AccountDocument, AllowanceDocument, GrantDocument, PersonDocument } from './documents.ts';
import type { MarkDocument } from './marks.ts';

/** An allowance in the database: with its author, and the instants at which it was written and begins to count. */
export interface StoredAllowance extends AllowanceDocument {
  at: string;
  written: string;
  author: string;
}

export interface StoredGrant extends GrantDocument {
  allowances: StoredAllowance[];
}

/** A version of a price book with its author, and when it was written. */
export interface PublishedVersion extends BookVersion {
  written: string;
  author: string;
}

export interface StoredBook extends PriceBook {
  version: readonly PublishedVersion[];
}

/** The newest version of a document. */
export interface DocumentVersion<D> {
  document: D;
  version: number;
  changedMs: number;
  author: string;
}

export interface StoredPerson extends PersonDocument {
  /** Unix milliseconds; undefined if the person was not erased. */
  erasedMs?: number | undefined;
}

/** The documents of the database, its people, and the sites that it knows. Removed ones are only in `published`. */
export interface StoredState {
  grants: ReadonlyMap<string, DocumentVersion<StoredGrant>>;
  accounts: ReadonlyMap<string, DocumentVersion<AccountDocument>>;
  books: ReadonlyMap<string, DocumentVersion<StoredBook>>;
  /** Every book that was ever published, as it was last: one that comes back has its versions again. */
  published: ReadonlyMap<string, StoredBook>;
  marks: ReadonlyMap<string, DocumentVersion<MarkDocument>>;
  people: ReadonlyMap<string, StoredPerson>;
  sites: readonly string[];
}

/** The documents that an edit writes; null removes one. Other documents stay as they are. */
export interface Edit {
  grants?: ReadonlyMap<string, GrantDocument | null> | undefined;
  accounts?: ReadonlyMap<string, AccountDocument | null> | undefined;
  books?: ReadonlyMap<string, PriceBook | null> | undefined;
  marks?: ReadonlyMap<string, MarkDocument | null> | undefined;
  people?: readonly PersonDocument[] | undefined;
}

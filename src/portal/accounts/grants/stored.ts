import type { AccountDocument, AllowanceDocument, GrantDocument, PersonDocument } from './documents.ts';

/** An allowance in the database: with its author, and the instants at which it was written and begins to count. */
export interface StoredAllowance extends AllowanceDocument {
  at: string;
  written: string;
  author: string;
}

export interface StoredGrant extends GrantDocument {
  allowances: StoredAllowance[];
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

/** The accounts, grants and people of the database, and the sites that it knows. Removed ones are not in it. */
export interface StoredState {
  grants: ReadonlyMap<string, DocumentVersion<StoredGrant>>;
  accounts: ReadonlyMap<string, DocumentVersion<AccountDocument>>;
  people: ReadonlyMap<string, StoredPerson>;
  sites: readonly string[];
}

/** The documents that an edit writes; null removes one. Other documents stay as they are. */
export interface Edit {
  grants?: ReadonlyMap<string, GrantDocument | null> | undefined;
  accounts?: ReadonlyMap<string, AccountDocument | null> | undefined;
  people?: readonly PersonDocument[] | undefined;
}

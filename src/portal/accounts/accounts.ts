import type { Everything, Scope } from '../access/rights/scope.ts';
import type { AccountBooks } from './charges/billing.ts';
import type { PriceBook } from './charges/price-book.ts';
import type { AccountDocument, GrantDocument, GrantPart, GrantsFile } from './grants/documents.ts';
import type { Condition } from './grants/condition.ts';
import type { MarkDocument } from './grants/marks.ts';
import type { DocumentVersion, StoredBook } from './grants/stored.ts';
import type { VisibleGrant } from './grants/visible.ts';

/** The accounts, grants, price books and marks of a scope as they are now, by name. */
export interface AccountsState {
  grants: readonly VisibleGrant[];
  /** Only who reads everything sees accounts. */
  accounts: readonly DocumentVersion<AccountDocument>[];
  /** Those that charge a grant that the scope sees as a whole. */
  books: readonly DocumentVersion<StoredBook>[];
  /** The price books of the accounts of such grants. */
  billing: readonly AccountBooks[];
  /** Those that concern usage in the scope. */
  marks: readonly DocumentVersion<MarkDocument>[];
}

/** Who makes a change, and by which way. Both are kept in the history. */
export interface Authorship {
  author: string;
  origin: string;
}

export interface FileOptions {
  /** Only says what would change. */
  dryRun?: boolean | undefined;
  /** Removes grants and accounts that the file does not name. */
  removeMissing?: boolean | undefined;
  /** The parts of a grant that the file cannot say. */
  keep?: readonly GrantPart[] | undefined;
}

/** One version of a document. */
export interface PastVersion {
  version: number;
  atMs: number;
  author: string;
  origin: string;
  /** Its changes, in words. */
  words: readonly string[];
}

/** The documents that change one by one. */
export interface Documents {
  grant: GrantDocument;
  account: AccountDocument;
  price_book: PriceBook;
  mark: MarkDocument;
}

export type DocumentKind = keyof Documents;

/** How a kind of documents is called for people. */
export function wordOf(kind: DocumentKind): string {
  return kind.replace('_', ' ');
}

export interface PutOutcome {
  version: number;
  /** Whether there was none of that name. */
  created: boolean;
}

/**
 * Accounts, grants, price books, marks and people. Methods that change something do all of it or nothing. They throw `RuleError` if the result
 * would break a rule, and `ConditionError` if somebody else has changed the document or there is none.
 */
export interface Accounts {
  /** Every change counts at once, also one of another portal on the database. */
  present(scope: Scope): Promise<AccountsState>;
  /** All of it as a file: applied again, it changes nothing. */
  file(scope: Everything): Promise<GrantsFile>;
  /** Applies a file. Returns what changed, in words. */
  apply(file: GrantsFile, by: Authorship, options?: FileOptions): Promise<readonly string[]>;
  put<K extends DocumentKind>(
    kind: K,
    document: Documents[K],
    condition: Condition,
    by: Authorship,
  ): Promise<PutOutcome>;
  remove(kind: DocumentKind, name: string, condition: Condition, by: Authorship): Promise<void>;
  /** Erases name and mail of a person. The history keeps the id. */
  erase(person: string, by: Authorship): Promise<readonly string[]>;
  /** All versions, the newest first; empty if there never was one, or the scope does not see it as a whole. */
  history(kind: DocumentKind, name: string, scope: Scope): Promise<readonly PastVersion[]>;
}

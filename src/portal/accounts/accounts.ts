import type { Everything, Scope } from '../access/rights/scope.ts';
import type { AccountDocument, GrantDocument, GrantPart, GrantsFile } from './grants/documents.ts';
import type { Condition } from './grants/condition.ts';
import type { DocumentVersion } from './grants/stored.ts';
import type { VisibleGrant } from './grants/visible.ts';

/** The accounts and grants of a scope as they are now, by name. Only who reads everything sees accounts. */
export interface AccountsState {
  grants: readonly VisibleGrant[];
  accounts: readonly DocumentVersion<AccountDocument>[];
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

/** One version of a grant or an account. */
export interface PastVersion {
  version: number;
  atMs: number;
  author: string;
  origin: string;
  /** Its changes, in words. */
  words: readonly string[];
}

export type DocumentKind = 'grant' | 'account';

export interface PutOutcome {
  version: number;
  /** Whether there was none of that name. */
  created: boolean;
}

/**
 * Accounts, grants and people. Methods that change something do all of it or nothing. They throw `RuleError` if the result
 * would break a rule, and `ConditionError` if somebody else has changed the document or there is none.
 */
export interface Accounts {
  /** Every change counts at once, also one of another portal on the database. */
  present(scope: Scope): Promise<AccountsState>;
  /** All of it as a file: applied again, it changes nothing. */
  file(scope: Everything): Promise<GrantsFile>;
  /** Applies a file. Returns what changed, in words. */
  apply(file: GrantsFile, by: Authorship, options?: FileOptions): Promise<readonly string[]>;
  putGrant(document: GrantDocument, condition: Condition, by: Authorship): Promise<PutOutcome>;
  putAccount(document: AccountDocument, condition: Condition, by: Authorship): Promise<PutOutcome>;
  remove(kind: DocumentKind, name: string, condition: Condition, by: Authorship): Promise<void>;
  /** Erases name and mail of a person. The history keeps the id. */
  erase(person: string, by: Authorship): Promise<readonly string[]>;
  /** All versions, the newest first; empty if there never was one, or the scope does not see it as a whole. */
  history(kind: DocumentKind, name: string, scope: Scope): Promise<readonly PastVersion[]>;
}

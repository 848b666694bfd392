import type { GrantProject } from '../../ledger/ledger.ts';
import type { AccountDocument } from './documents.ts';

type AllowanceKind = 'initial' | 'top-up' | 'cut';

/** An amendment of a grant's right to use a resource. */
interface Allowance {
  resource: string;
  /** Positive decimal text, amount × hours. A cut takes it away. */
  amount: string;
  kind: AllowanceKind;
  /** From when it counts, Unix milliseconds. */
  atMs: number;
  reason: string;
  author: string;
  writtenMs: number;
}

interface GrantPerson {
  person: string;
  role: 'lead' | 'member';
  /** Undefined if it is not known, or the person was erased. */
  name?: string | undefined;
  mail?: string | undefined;
}

/** A project of a grant. The window is that of the project, cut to the period of the grant. */
interface DatedProject extends GrantProject {
  /** Unix milliseconds, whole hours; undefined means open. */
  fromMs?: number | undefined;
  /** Exclusive. */
  toMs?: number | undefined;
}

/** A grant as it is now. */
export interface PresentGrant {
  name: string;
  title: string | undefined;
  account: string | undefined;
  fromMs: number | undefined;
  /** Exclusive. */
  toMs: number | undefined;
  projects: readonly DatedProject[];
  people: readonly GrantPerson[];
  labels: Readonly<Record<string, string>>;
  allowances: readonly Allowance[];
  /** Grows with each change; 0 for a grant of the configuration file. */
  version: number;
  changedMs: number;
  author: string;
}

/** An account as it is now. */
export interface PresentAccount extends AccountDocument {
  version: number;
  changedMs: number;
  author: string;
}

import type { Clock } from '../../runtime/clock.ts';
import { UserError } from '../../runtime/user-error.ts';
import { ADVISORY_KEYS } from '../database/advisory-keys.ts';
import { takeLock } from '../database/advisory-lock.ts';
import type { Database } from '../database/database.ts';
import { sql, type Queryable } from '../database/sql.ts';
import { forgetPerson } from '../access/people.ts';
import type { Everything, Scope } from '../access/rights/scope.ts';
import {
  loadHistory,
  loadState,
  newestChange,
  recordKey,
  writeChange,
  writePlan,
  type LoadedState,
} from './account-rows.ts';
import {
  wordOf,
  type Accounts,
  type AccountsState,
  type Authorship,
  type DocumentKind,
  type Documents,
  type FileOptions,
  type PastVersion,
  type PutOutcome,
} from './accounts.ts';
import { checkCondition, ConditionError, requireThere, type Condition } from './grants/condition.ts';
import type { GrantsFile } from './grants/documents.ts';
import { presentGrants, type PresentGrant } from './grants/grant.ts';
import { markDifference, type MarkDocument } from './grants/marks.ts';
import { seesWhole, visibleBooks, visibleGrants, visibleMarks } from './grants/visible.ts';
import { editOfFile, fileOf, planOf } from './grants/plan.ts';
import type { Edit } from './grants/stored.ts';
import { accountDifference, grantDifference } from './grants/words.ts';
import { bookDifference } from './price-books/words.ts';

export interface AccountStoreParts {
  database: Database;
  clock: Clock;
  /** The `[[grant]]` tables of portal.toml. They count until the database has its first grant. */
  configured?: (() => readonly PresentGrant[]) | undefined;
}

/** The accounts in the database. */
export class AccountStore implements Accounts {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #configured: () => readonly PresentGrant[];
  #cached: { changeId: string; state: WholeState; hasGrants: boolean } | undefined;

  constructor({ database, clock, configured = () => [] }: AccountStoreParts) {
    this.#database = database;
    this.#clock = clock;
    this.#configured = configured;
  }

  async present(scope: Scope): Promise<AccountsState> {
    const { state, hasGrants } = await this.#newest();
    const grants = visibleGrants(hasGrants ? state.grants : this.#configured(), scope);
    return {
      grants,
      accounts: scope.everything === true ? state.accounts : [],
      ...visibleBooks(state, grants, scope),
      marks: visibleMarks(state.marks, grants, scope),
    };
  }

  /** Throws `UserError` for `[[grant]]` tables beside the grants of the database: only one of the two can count. */
  async refuseConfigured(tables: readonly unknown[] | undefined): Promise<void> {
    if (tables === undefined || tables.length === 0 || !(await this.#newest()).hasGrants) return;
    throw new UserError(
      '[[grant]] in portal.toml: the database has the grants, and these tables do not count: remove them, and change grants with stackmeter portal grants apply FILE',
    );
  }

  async file(_scope: Everything): Promise<GrantsFile> {
    return fileOf(await loadState(this.#database.inLane('accounts')));
  }

  async apply(file: GrantsFile, by: Authorship, options: FileOptions = {}): Promise<readonly string[]> {
    return await this.#change(async (trx, state) => {
      const plan = planOf(state, editOfFile(file, state, options), { ...by, nowMs: this.#clock.nowMs() });
      if (options.dryRun !== true && plan.words.length > 0)
        await writePlan(trx, plan, by, this.#clock.nowMs());
      return plan.words;
    });
  }

  async put<K extends DocumentKind>(
    kind: K,
    document: Documents[K],
    condition: Condition,
    by: Authorship,
  ): Promise<PutOutcome> {
    const { name } = document;
    return await this.#change(async (trx, state) => {
      const newest = state.newest.get(recordKey(kind, name));
      checkCondition(`${wordOf(kind)} '${name}'`, newest, condition);
      const wrote = await this.#write(trx, state, editOf(kind, name, document), by);
      const created = newest === undefined || newest.removed;
      return { version: (newest?.version ?? 0) + (wrote ? 1 : 0), created };
    });
  }

  async remove(kind: DocumentKind, name: string, condition: Condition, by: Authorship): Promise<void> {
    const subject = `${wordOf(kind)} '${name}'`;
    await this.#change(async (trx, state) => {
      const newest = state.newest.get(recordKey(kind, name));
      checkCondition(subject, newest, condition);
      requireThere(subject, newest);
      await this.#write(trx, state, editOf(kind, name, null), by);
    });
  }

  async erase(person: string, by: Authorship): Promise<readonly string[]> {
    return await this.#change(async (trx, { people }) => {
      const present = people.get(person);
      const identities = await forgetPerson(trx, person);
      if (present === undefined && identities > 0) return [`person ${person}: sign-in erased`];
      if (present === undefined) throw new ConditionError('absent', `there is no person '${person}'`);
      if (present.erasedMs !== undefined) return [];
      const nowMs = this.#clock.nowMs();
      await writeChange(trx, by, nowMs);
      await trx.query(sql`
        UPDATE ledger.person SET name = NULL, mail = NULL, erased_ms = ${nowMs} WHERE id = ${person}`);
      return [`person ${person}: name and mail erased`];
    });
  }

  async history(kind: DocumentKind, name: string, scope: Scope): Promise<readonly PastVersion[]> {
    const all = await loadHistory(this.#database.inLane('accounts'), kind, name);
    // The database is asked in any case: what is not visible must take as long as what is not there.
    if (!(await this.#sees(kind, name, scope))) return [];
    const rows = kind === 'mark' ? await this.#visibleVersions(all, scope) : all;
    const documents = rows.map(({ document }) => document ?? null);
    return rows
      .map(({ version, at_ms, author, origin }, index) => ({
        version,
        atMs: Number(at_ms),
        author,
        origin,
        words: differenceOf(kind, name, documents[index - 1] ?? undefined, documents[index]),
      }))
      .toReversed();
  }

  async #sees(kind: DocumentKind, name: string, scope: Scope): Promise<boolean> {
    if (kind === 'grant') return seesWhole(name, scope);
    if (kind === 'account') return scope.everything === true;
    const { books, marks } = await this.present(scope);
    const seen = kind === 'mark' ? marks : books;
    return seen.some(({ document }) => document.name === name);
  }

  /** A mark may have been for another project before: those who see the present one do not see that. */
  async #visibleVersions<R extends { document: unknown }>(rows: readonly R[], scope: Scope): Promise<R[]> {
    const { grants } = await this.present(scope);
    return rows.filter(
      ({ document }) =>
        document === null || visibleMarks([{ document: document as MarkDocument }], grants, scope).length > 0,
    );
  }

  async #write(trx: Queryable, state: LoadedState, edit: Edit, by: Authorship): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    const plan = planOf(state, edit, { ...by, nowMs });
    if (plan.words.length === 0) return false;
    await writePlan(trx, plan, by, nowMs);
    return true;
  }

  /** Runs one change at a time, over all portals and commands on the database. */
  async #change<T>(work: (trx: Queryable, state: LoadedState) => Promise<T>): Promise<T> {
    return await this.#database.lanes.accounts.run(
      async () =>
        await this.#database.transaction(async (trx) => {
          await takeLock(trx, ADVISORY_KEYS.accounts);
          return await work(trx, await loadState(trx));
        }),
    );
  }

  /** Reads the state again if it has changed. */
  async #newest() {
    const database = this.#database.inLane('accounts');
    const changeId = await newestChange(database);
    if (this.#cached?.changeId !== changeId) {
      const loaded = await loadState(database);
      const hasGrants = [...loaded.newest.keys()].some((key) => key.startsWith('grant '));
      const state = {
        grants: presentGrants(loaded),
        accounts: [...loaded.accounts.values()],
        books: [...loaded.books.values()],
        marks: [...loaded.marks.values()],
      };
      this.#cached = { changeId, state, hasGrants };
    }
    return this.#cached;
  }
}

type WholeState = Pick<AccountsState, 'accounts' | 'books' | 'marks'> & { grants: readonly PresentGrant[] };

/** The edit of one document; null removes it. */
function editOf<K extends DocumentKind>(kind: K, name: string, document: Documents[K] | null): Edit {
  const one = new Map([[name, document]]);
  return { [LISTS[kind]]: one };
}

const LISTS = {
  grant: 'grants',
  account: 'accounts',
  price_book: 'books',
  mark: 'marks',
} as const satisfies Record<DocumentKind, keyof Edit>;

const DIFFERENCES: {
  [K in DocumentKind]: (
    name: string,
    before: Documents[K] | undefined,
    after: Documents[K] | null,
  ) => string[];
} = { grant: grantDifference, account: accountDifference, price_book: bookDifference, mark: markDifference };

function differenceOf(kind: DocumentKind, name: string, before: unknown, after: unknown): string[] {
  const difference = DIFFERENCES[kind] as (name: string, before: unknown, after: unknown) => string[];
  return difference(name, before, after);
}

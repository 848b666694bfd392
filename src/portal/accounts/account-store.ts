import type { Clock } from '../../runtime/clock.ts';
import { UserError } from '../../runtime/user-error.ts';
import { ADVISORY_KEYS } from '../database/advisory-keys.ts';
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
import type {
  Accounts,
  AccountsState,
  Authorship,
  DocumentKind,
  FileOptions,
  PastVersion,
  PutOutcome,
} from './accounts.ts';
import { checkCondition, ConditionError, requireThere, type Condition } from './grants/condition.ts';
import type { AccountDocument, GrantDocument, GrantsFile } from './grants/documents.ts';
import { presentGrants, type PresentGrant } from './grants/grant.ts';
import { seesWhole, visibleGrants } from './grants/visible.ts';
import { editOfFile, fileOf, planOf } from './grants/plan.ts';
import type { Edit } from './grants/stored.ts';
import { accountDifference, grantDifference } from './grants/words.ts';

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
    return {
      grants: visibleGrants(hasGrants ? state.grants : this.#configured(), scope),
      accounts: scope.everything === true ? state.accounts : [],
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

  async putGrant(document: GrantDocument, condition: Condition, by: Authorship): Promise<PutOutcome> {
    const edit = { grants: new Map([[document.name, document]]) };
    return await this.#put('grant', document.name, edit, condition, by);
  }

  async putAccount(document: AccountDocument, condition: Condition, by: Authorship): Promise<PutOutcome> {
    const edit = { accounts: new Map([[document.name, document]]) };
    return await this.#put('account', document.name, edit, condition, by);
  }

  async remove(kind: DocumentKind, name: string, condition: Condition, by: Authorship): Promise<void> {
    const removal = new Map([[name, null]]);
    const edit = kind === 'grant' ? { grants: removal } : { accounts: removal };
    await this.#change(async (trx, state) => {
      const newest = state.newest.get(recordKey(kind, name));
      checkCondition(`${kind} '${name}'`, newest, condition);
      requireThere(`${kind} '${name}'`, newest);
      await this.#write(trx, state, edit, by);
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
    const rows = await loadHistory(this.#database.inLane('accounts'), kind, name);
    // The database is asked in any case: what is not visible must take as long as what is not there.
    if (kind === 'grant' ? !seesWhole(name, scope) : scope.everything !== true) return [];
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

  async #put(
    kind: DocumentKind,
    name: string,
    edit: Edit,
    condition: Condition,
    by: Authorship,
  ): Promise<PutOutcome> {
    return await this.#change(async (trx, state) => {
      const newest = state.newest.get(recordKey(kind, name));
      checkCondition(`${kind} '${name}'`, newest, condition);
      const wrote = await this.#write(trx, state, edit, by);
      const created = newest === undefined || newest.removed;
      return { version: (newest?.version ?? 0) + (wrote ? 1 : 0), created };
    });
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
          await trx.query(sql`SELECT pg_advisory_xact_lock(${ADVISORY_KEYS.accounts})`);
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
      const state = { grants: presentGrants(loaded), accounts: [...loaded.accounts.values()] };
      this.#cached = { changeId, state, hasGrants };
    }
    return this.#cached;
  }
}

interface WholeState {
  grants: readonly PresentGrant[];
  accounts: AccountsState['accounts'];
}

function differenceOf(kind: DocumentKind, name: string, before: unknown, after: unknown): string[] {
  return kind === 'grant'
    ? grantDifference(name, before as GrantDocument | undefined, after as GrantDocument | null)
    : accountDifference(name, before as AccountDocument | undefined, after as AccountDocument | null);
}

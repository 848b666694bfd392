import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDatabaseAway } from '../../../database/database-away.ts';
import type { Transaction } from '../../../database/sql.ts';
import { runJointly } from './joint-statements.ts';

/** Runs work in a transaction. `isShared` is true if it must not wait long for a lock. */
export type Transact = <T>(work: (trx: Transaction) => Promise<T>, isShared: boolean) => Promise<T>;

interface SiteWork<T = unknown> {
  siteId: number;
  work: (trx: Transaction) => Promise<T>;
  resolve: (result: T) => void;
  reject: (error: unknown) => void;
}

/** Few, so that works come together while the transactions before them run. */
const TRANSACTIONS_AT_ONCE = 2;
const MOST_IN_TRANSACTION = 8;

/**
 * Lets small works for different sites share a transaction: its packets take more CPU than the work. If one of them fails,
 * nothing of any of them is kept, and each runs again by itself. So a failure stays with its site.
 */
export class SharedTransactions {
  readonly #transact: Transact;
  #waiting: SiteWork[] = [];
  #running = 0;

  constructor(transact: Transact) {
    this.#transact = transact;
  }

  /** Runs `work`, perhaps a second time after all of the first time was undone. */
  async run<T>(siteId: number, work: (trx: Transaction) => Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#waiting.push({ siteId, work, resolve, reject } as SiteWork);
      void this.#begin();
    });
  }

  /** Waits for a moment, because works often come together. */
  async #begin(): Promise<void> {
    await nextTurn();
    while (this.#mayBegin()) void this.#runGroup(this.#take());
  }

  /** A transaction begins beside another one only if it has as many works as it can. */
  #mayBegin(): boolean {
    const enough = this.#running === 0 ? 1 : MOST_IN_TRANSACTION;
    return this.#running < TRANSACTIONS_AT_ONCE && this.#waiting.length >= enough;
  }

  /** Takes the works that wait longest, at most one of each site: it must see what the one before it has written. */
  #take(): SiteWork[] {
    const group = new Map<number, SiteWork>();
    for (const waiting of this.#waiting)
      if (group.size < MOST_IN_TRANSACTION && !group.has(waiting.siteId)) group.set(waiting.siteId, waiting);
    this.#waiting = this.#waiting.filter((waiting) => group.get(waiting.siteId) !== waiting);
    // All transactions lock their sites in the same order, so that none waits for one that waits for it.
    return [...group.values()].toSorted((one, other) => one.siteId - other.siteId);
  }

  async #runGroup(group: readonly SiteWork[]): Promise<void> {
    this.#running += 1;
    try {
      const results = await this.#transact(
        async (trx) =>
          await runJointly(
            trx,
            group.map(({ work }) => work),
          ),
        true,
      );
      for (const [index, { resolve }] of group.entries()) resolve(results[index]);
    } catch (error) {
      // Nobody knows whether a lost connection has committed. The next sweep has the same totals and more.
      if (isDatabaseAway(error as Error)) for (const { reject } of group) reject(error);
      // A site that somebody else has locked makes no other site wait for its turn.
      else for (const one of group) this.#transact(one.work, false).then(one.resolve, one.reject);
    } finally {
      this.#running -= 1;
      void this.#begin();
    }
  }
}

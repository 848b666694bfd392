import type { Database } from '../../../database/database.ts';
import type { Transaction } from '../../../database/sql.ts';
import type { FoldOutcome, Ledger, Lease, Sweep } from '../../ledger.ts';
import { BEGIN_FOLD, BEGIN_SHARED_FOLD, requireLease } from '../database/fence.ts';
import { admitSweep } from './admit-sweep.ts';
import { foldLateIntoSite, joined } from './fold-late.ts';
import { foldIntoSite } from './fold-sweep.ts';
import { mayFillGaps } from './late-readings.ts';
import { lockSite, siteIdOf, type LockedSite } from './load/lock-site.ts';
import { SharedTransactions, type Transact } from './shared-transactions.ts';

type Fold<Outcome> = (trx: Transaction, site: LockedSite, sweep: Sweep) => Promise<Outcome>;

/** Sweeps with more readings are folded by themselves: the packets of a transaction are a small part of their CPU. */
const SMALL_SWEEP = 500;
/** After a longer pause, usage may be spread over many hours. That takes time, so others do not wait for it. */
const LONGEST_PAUSE_MS = 2 * 3_600_000;

/**
 * The ways to fold a sweep. Each one admits the sweep first, and folds it by the rules of its site. With `shares`, folds of
 * small sweeps may share a transaction.
 */
export function sweepFolds(
  database: Database,
  { shares }: { shares: boolean },
): Pick<Ledger, 'fold' | 'foldInAnyOrder' | 'foldLate'> {
  const siteIds = new SiteIds(database);
  const transact: Transact = async (work, isShared) =>
    await database.lanes.sweeps.run(
      async () => await database.transaction(work, isShared ? BEGIN_SHARED_FOLD : BEGIN_FOLD),
    );
  const shared = new SharedTransactions(transact);
  /** By site: the newest reading that was folded here, Unix milliseconds. */
  const newest = new Map<string, number>();
  const folding = async <Outcome>(
    name: string,
    sweep: Sweep,
    lease: Lease | undefined,
    fold: Fold<Outcome>,
    mayShare = false,
  ) => {
    const siteId = await siteIds.of(name);
    const work = async (trx: Transaction) => {
      const [site] = await Promise.all([lockSite(trx, siteId, sweep.readings), requireLease(trx, lease)]);
      siteIds.check(name, site);
      return await fold(trx, site, await admitSweep(trx, site, sweep));
    };
    return await (mayShare ? shared.run(siteId, work) : transact(work, false));
  };
  return {
    fold: async (name, sweep, lease) => {
      const newestMs = newestOf(sweep);
      const mayShare =
        shares &&
        sweep.readings.length <= SMALL_SWEEP &&
        newestMs - (newest.get(name) ?? -Infinity) <= LONGEST_PAUSE_MS;
      const fold: Fold<FoldOutcome> = async (trx, site, admitted) =>
        withRefusals(await foldIntoSite(trx, site, admitted), sweep, admitted);
      const outcome = await folding(name, sweep, lease, fold, mayShare);
      if (newestMs > -Infinity) newest.set(name, newestMs);
      return outcome;
    },
    foldInAnyOrder: async (name, sweep, lease) =>
      await folding(name, sweep, lease, async (trx, site, admitted) =>
        withRefusals(await foldInOrderOrLate(trx, site, admitted), sweep, admitted),
      ),
    foldLate: async (name, late, lease) => {
      const { replaced, folded, ignored } = await folding(name, joined(late), lease, foldLateIntoSite);
      return { replaced, folded, ignored };
    },
  };
}

function newestOf({ readings }: Sweep): number {
  return readings.reduce((latestMs, { atMs }) => Math.max(latestMs, atMs), -Infinity);
}

const foldInOrderOrLate: Fold<FoldOutcome> = async (trx, site, sweep) => {
  if (!(await mayFillGaps(trx, site, sweep.readings))) return await foldIntoSite(trx, site, sweep);
  const { folded, ignored, anomalies } = await foldLateIntoSite(trx, site, sweep);
  return { folded, ignored, anomalies };
};

/** Adds the refusals of the admission to the outcome, without the sweep's own refusals. */
function withRefusals(outcome: FoldOutcome, sweep: Sweep, admitted: Sweep): FoldOutcome {
  const refusals = admitted.refusals.slice(sweep.refusals.length);
  return refusals.length === 0 ? outcome : { ...outcome, refusals };
}

/** The numbers of sites. They change only if another ledger takes the place of this one. */
class SiteIds {
  readonly #database: Database;
  readonly #byName = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  async of(name: string): Promise<number> {
    const id = this.#byName.get(name) ?? (await siteIdOf(this.#database.inLane('sweeps'), name));
    this.#byName.set(name, id);
    return id;
  }

  /** Throws if the number does not belong to this name any more. */
  check(name: string, site: Pick<LockedSite, 'name'>): void {
    if (site.name === name) return;
    this.#byName.delete(name);
    throw new Error(`the site ${JSON.stringify(name)} has another number in the ledger now`);
  }
}

import type { Database } from '../../../database/database.ts';
import type { Transaction } from '../../../database/sql.ts';
import type { FoldOutcome, Ledger, Lease, Sweep } from '../../ledger.ts';
import { BEGIN_FOLD, requireLease } from '../database/fence.ts';
import { admitSweep } from './admit-sweep.ts';
import { foldLateIntoSite, joined } from './fold-late.ts';
import { foldIntoSite } from './fold-sweep.ts';
import { mayFillGaps } from './late-readings.ts';
import { lockSite, siteIdOf, type LockedSite } from './load/lock-site.ts';

type Fold<Outcome> = (trx: Transaction, site: LockedSite, sweep: Sweep) => Promise<Outcome>;

/** The ways to fold a sweep. Each one admits the sweep first, and folds it by the rules of its site. */
export function sweepFolds(database: Database): Pick<Ledger, 'fold' | 'foldInAnyOrder' | 'foldLate'> {
  const { sweeps } = database.lanes;
  const siteIds = new SiteIds(database);
  const folding = async <Outcome>(
    name: string,
    sweep: Sweep,
    lease: Lease | undefined,
    fold: Fold<Outcome>,
  ) =>
    await sweeps.run(async () => {
      const siteId = await siteIds.of(name);
      return await database.transaction(async (trx) => {
        const [site] = await Promise.all([lockSite(trx, siteId, sweep.readings), requireLease(trx, lease)]);
        siteIds.check(name, site);
        return await fold(trx, site, await admitSweep(trx, site, sweep));
      }, BEGIN_FOLD);
    });
  return {
    fold: async (name, sweep, lease) =>
      await folding(name, sweep, lease, async (trx, site, admitted) =>
        withRefusals(await foldIntoSite(trx, site, admitted), sweep, admitted),
      ),
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
    const id = this.#byName.get(name) ?? (await siteIdOf(this.#database, name));
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

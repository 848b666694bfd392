import type { Kysely } from 'kysely';
import type { AccountingRules } from '../accounting/meter.ts';
import { foldSweep } from '../accounting/sweep.ts';
import type { FoldOutcome, Sweep } from '../ledger.ts';
import { lockSite } from './load-site.ts';
import { writeSweep } from './write-sweep.ts';

/** Folds a sweep into the ledger: readings, entries and the site's progress in one transaction (rule A6). */
export async function foldIntoStore(
  database: Kysely<unknown>,
  siteName: string,
  sweep: Sweep,
  rules: AccountingRules,
): Promise<FoldOutcome> {
  return await database.transaction().execute(async (trx) => {
    const site = await lockSite(trx, siteName, sweep.readings);
    const changes = foldSweep(site.book, sweep.readings, rules);
    await writeSweep(trx, site, changes, sweep);
    return { folded: changes.folded, ignored: changes.ignored, anomalies: changes.anomalies };
  });
}

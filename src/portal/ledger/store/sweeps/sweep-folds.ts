import type { Database } from '../../../database/database.ts';
import type { AccountingRules } from '../../accounting/meters/meter.ts';
import type { FoldOutcome, Ledger, Lease, Sweep } from '../../ledger.ts';
import { admitSweep } from './admit-sweep.ts';
import { foldLateIntoStore, joined } from './fold-late.ts';
import { foldIntoStore } from './fold-sweep.ts';
import { mayFillGaps } from './late-readings.ts';
import { loadSiteRules } from './load/site-rules.ts';
import { settleClouds } from './settle-clouds.ts';

/** The ways to fold a sweep. Each one admits the sweep first, and folds it by the rules of its site. */
export function sweepFolds(database: Database): Pick<Ledger, 'fold' | 'foldInAnyOrder' | 'foldLate'> {
  const { sweeps } = database.lanes;
  return {
    fold: (site, sweep, lease) =>
      sweeps.run(async () => {
        const { admitted, rules } = await admit(database, site, sweep);
        const outcome = await foldIntoStore(database, site, admitted, rules, lease);
        return withRefusals(outcome, sweep, admitted);
      }),
    foldInAnyOrder: (site, sweep, lease) =>
      sweeps.run(async () => {
        const { admitted, rules } = await admit(database, site, sweep);
        const outcome = await foldInOrderOrLate(database, site, admitted, rules, lease);
        return withRefusals(outcome, sweep, admitted);
      }),
    foldLate: (site, late, lease) =>
      sweeps.run(async () => {
        const { admitted, rules } = await admit(database, site, joined(late));
        const outcome = await foldLateIntoStore(database, site, [admitted], rules, lease);
        const { replaced, folded, ignored } = outcome;
        return { replaced, folded, ignored };
      }),
  };
}

async function admit(database: Database, site: string, sweep: Sweep) {
  const { rules, caps, clouds } = await loadSiteRules(database, site);
  const settled = await settleClouds(database, site, sweep, clouds);
  return { rules, admitted: await admitSweep(database, site, settled, caps) };
}

async function foldInOrderOrLate(
  database: Database,
  site: string,
  sweep: Sweep,
  rules: AccountingRules,
  lease?: Lease,
): Promise<FoldOutcome> {
  if (!(await mayFillGaps(database, site, sweep.readings)))
    return await foldIntoStore(database, site, sweep, rules, lease);
  const outcome = await foldLateIntoStore(database, site, [sweep], rules, lease);
  const { folded, ignored, anomalies } = outcome;
  return { folded, ignored, anomalies };
}

/** Adds the refusals of the admission to the outcome, without the sweep's own refusals. */
function withRefusals(outcome: FoldOutcome, sweep: Sweep, admitted: Sweep): FoldOutcome {
  const refusals = admitted.refusals.slice(sweep.refusals.length);
  return refusals.length === 0 ? outcome : { ...outcome, refusals };
}

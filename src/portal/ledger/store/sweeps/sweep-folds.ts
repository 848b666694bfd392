import type { Database } from '../../../database/database.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import type { AccountingRules } from '../../accounting/meters/meter.ts';
import { inTheirClouds } from '../../accounting/sites/clouds.ts';
import type { FoldOutcome, Ledger, Lease, Sweep } from '../../ledger.ts';
import { admitSweep } from './admit-sweep.ts';
import { foldLateIntoStore, joined } from './fold-late.ts';
import { foldIntoStore } from './fold-sweep.ts';
import { mayFillGaps } from './late-readings.ts';
import { loadStock } from './load/load-stock.ts';
import { loadSiteRules } from './load/site-rules.ts';

/** The ways to fold a sweep. Each one admits the sweep first, and folds it by the rules of its site. */
export function sweepFolds(database: Database): Pick<Ledger, 'fold' | 'foldInAnyOrder' | 'foldLate'> {
  const { sweeps } = database.lanes;
  return {
    fold: (site, sweep, lease) =>
      sweeps.run(async () => {
        const { siteId, admitted, rules } = await admit(database, site, sweep);
        const outcome = await foldIntoStore(database, siteId, admitted, rules, lease);
        return withRefusals(outcome, sweep, admitted);
      }),
    foldInAnyOrder: (site, sweep, lease) =>
      sweeps.run(async () => {
        const { siteId, admitted, rules } = await admit(database, site, sweep);
        const outcome = await foldInOrderOrLate(database, siteId, admitted, rules, lease);
        return withRefusals(outcome, sweep, admitted);
      }),
    foldLate: (site, late, lease) =>
      sweeps.run(async () => {
        const { siteId, admitted, rules } = await admit(database, site, joined(late));
        const outcome = await foldLateIntoStore(database, siteId, [admitted], rules, lease);
        const { replaced, folded, ignored } = outcome;
        return { replaced, folded, ignored };
      }),
  };
}

async function admit(database: Database, site: string, sweep: Sweep) {
  const { siteId, rules, caps, clouds } = await loadSiteRules(database, site);
  const { counts, ...known } = await loadStock(database, siteId, sweep.readings);
  const readings = await inTurns(inTheirClouds(sweep.readings, { ...known, configured: clouds }));
  return {
    siteId,
    rules,
    admitted: await admitSweep(database, siteId, { ...sweep, readings }, { caps, counts }),
  };
}

async function foldInOrderOrLate(
  database: Database,
  siteId: number,
  sweep: Sweep,
  rules: AccountingRules,
  lease?: Lease,
): Promise<FoldOutcome> {
  if (!(await mayFillGaps(database, siteId, sweep.readings)))
    return await foldIntoStore(database, siteId, sweep, rules, lease);
  const outcome = await foldLateIntoStore(database, siteId, [sweep], rules, lease);
  const { folded, ignored, anomalies } = outcome;
  return { folded, ignored, anomalies };
}

/** Adds the refusals of the admission to the outcome, without the sweep's own refusals. */
function withRefusals(outcome: FoldOutcome, sweep: Sweep, admitted: Sweep): FoldOutcome {
  const refusals = admitted.refusals.slice(sweep.refusals.length);
  return refusals.length === 0 ? outcome : { ...outcome, refusals };
}

import type { Database } from '../../../database/database.ts';
import { sql } from '../../../database/sql.ts';
import { afterSweep } from '../../accounting/sites/sweep-runs.ts';
import type { Lease } from '../../ledger.ts';
import { requireLease } from '../database/fence.ts';
import { lockRun } from './load/load-run.ts';
import { siteIdOf } from './load/lock-site.ts';
import { writeEndedRun } from './write/write-run.ts';

/** Records a failed sweep. With `lease`, records nothing if another portal has taken over the site. */
export async function recordFailure(
  database: Database,
  site: string,
  atMs: number,
  reason: string,
  lease?: Lease,
): Promise<void> {
  const error = reason.replaceAll('\0', '');
  await database.transaction(async (trx) => {
    const siteId = await siteIdOf(trx, site);
    const { run, ended } = afterSweep(await lockRun(trx, siteId), { atMs, outcome: 'failed', error });
    writeEndedRun(trx, siteId, ended);
    await trx.query(sql`
      UPDATE ledger.site_state
      SET last_sweep_ms = ${atMs}, last_error = ${error}, run_from_ms = ${run.fromMs}, run_sweeps = ${run.sweeps}
      WHERE site_id = ${siteId}`);
    await requireLease(trx, lease);
  });
}

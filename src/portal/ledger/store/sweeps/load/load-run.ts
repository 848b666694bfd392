import { sql, type Queryable } from '../../../../database/sql.ts';
import type { SweepRun } from '../../../ledger.ts';

/** The run of sweeps up to the last one, in `ledger.site_state`. */
export const runColumns = sql`
  run_from_ms, last_sweep_ms, run_sweeps, last_error,
  CASE WHEN last_success_ms IS DISTINCT FROM last_sweep_ms THEN 'failed' WHEN last_error IS NULL THEN 'ok' ELSE 'refused' END
    AS outcome`;

export interface RunRecord {
  run_from_ms: string | null;
  last_sweep_ms: string | null;
  run_sweeps: number;
  last_error: string | null;
  outcome: SweepRun['outcome'];
}

/** Undefined before the first sweep. */
export function runOf({ run_from_ms: fromMs, outcome, ...record }: RunRecord): SweepRun | undefined {
  if (fromMs === null) return undefined;
  return {
    outcome,
    fromMs: Number(fromMs),
    toMs: Number(record.last_sweep_ms),
    sweeps: record.run_sweeps,
    error: record.last_error,
  };
}

/** Locks a site for a change of its run. */
export async function lockRun(trx: Queryable, siteId: number): Promise<SweepRun | undefined> {
  const { rows } = await trx.query<RunRecord>(sql`
    SELECT ${runColumns} FROM ledger.site_state WHERE site_id = ${siteId} FOR UPDATE`);
  return rows[0] && runOf(rows[0]);
}

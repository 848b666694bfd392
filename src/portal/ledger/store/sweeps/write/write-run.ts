import { sql, type Transaction } from '../../../../database/sql.ts';
import type { SweepRun } from '../../../ledger.ts';

const MOST_RUNS = 100;
const LONGEST_ERROR = 500;

/** Adds a run that has ended to the earlier runs of its site. There is none after most sweeps. */
export function writeEndedRun(trx: Transaction, siteId: number, ended: SweepRun | undefined): void {
  if (ended === undefined) return;
  const run = JSON.stringify({ ...ended, error: ended.error && shortened(ended.error) });
  trx.send(sql`
    UPDATE ledger.site_state
    SET earlier_runs = jsonb_path_query_array(${run}::jsonb || earlier_runs, ${`$[0 to ${MOST_RUNS - 1}]`}::jsonpath)
    WHERE site_id = ${siteId}`);
}

/** JSON in the database has no halves of surrogate pairs, which a cut may leave. */
function shortened(text: string): string {
  return text.length <= LONGEST_ERROR ? text : Buffer.from(`${text.slice(0, LONGEST_ERROR - 1)}…`).toString();
}

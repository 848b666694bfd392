import { sql, type Queryable } from '../../../database/sql.ts';
import { LeaseLostError } from '../../lease-lost.ts';
import type { Lease } from '../../ledger.ts';

/** A portal that is stopped in the middle of a fold would keep the site locked: the database ends its transaction. */
export async function boundIdleTime(trx: Queryable): Promise<void> {
  await trx.query(sql`SET LOCAL idle_in_transaction_session_timeout = '30s'`);
}

/** Call it under the site's lock: a portal that takes over later then folds after us, on top of what we wrote. */
export async function requireLease(trx: Queryable, lease: Lease | undefined): Promise<void> {
  if (lease === undefined) return;
  const { rows } = await trx.query(sql`
    SELECT FROM ledger.lease WHERE name = ${lease.name} AND holder = ${lease.holder}`);
  if (rows.length === 0) throw new LeaseLostError(`the lease ${lease.name} is another portal's by now`);
}

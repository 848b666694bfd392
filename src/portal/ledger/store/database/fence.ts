import { prepared, sql, type Queryable } from '../../../database/sql.ts';
import { LeaseLostError } from '../../lease-lost.ts';
import type { Lease } from '../../ledger.ts';

/**
 * Begins a transaction that the database ends if it is idle: a portal that stops in the middle of a fold would keep the site
 * locked.
 */
export const BEGIN_BOUNDED = sql`BEGIN; SET LOCAL idle_in_transaction_session_timeout = '30s'`;

/**
 * Begins the transaction of a fold. Its prepared statements look up rows by their keys. A plan that reads a small table whole
 * would be kept while the table grows, so no such plan is made.
 */
export const BEGIN_FOLD = sql`${BEGIN_BOUNDED}; SET LOCAL enable_seqscan = off`;

/** Begins a transaction of folds for several sites. None of them waits for the lock of another, but fails soon. */
export const BEGIN_SHARED_FOLD = sql`${BEGIN_FOLD}; SET LOCAL lock_timeout = '500ms'`;

/** Throws `LeaseLostError` without the lease. Call it under the site's lock: then a later holder folds after us. */
export async function requireLease(trx: Queryable, lease: Lease | undefined): Promise<void> {
  if (lease === undefined) return;
  const { rows } = await trx.query(prepared`
    SELECT FROM ledger.lease WHERE name = ${lease.name} AND holder = ${lease.holder}`);
  if (rows.length === 0) throw new LeaseLostError(`the lease ${lease.name} is now another portal's`);
}

/** Throws `LeaseLostError` if this portal is not alive, or too old for the tables. Call it under the lock of a site. */
export async function requirePortal(trx: Queryable, holder: string | undefined): Promise<void> {
  if (holder === undefined) return;
  const { rows } = await trx.query(sql`SELECT FROM ledger.portal WHERE holder = ${holder}`);
  if (rows.length === 0) throw new LeaseLostError('this portal has lost its leases');
}

import { sql, type Queryable } from './sql.ts';

/** Far longer than a process works between two statements. */
const HANGS_AFTER_MS = 60_000;

/** Takes an advisory lock until the transaction ends. A process that hangs loses its transaction, and with it the lock. */
export async function takeLock(trx: Queryable, key: bigint, hangsAfterMs = HANGS_AFTER_MS): Promise<void> {
  await endIfIdle(trx, hangsAfterMs);
  await trx.query(sql`SELECT pg_advisory_xact_lock(${key})`);
}

/** Ends the transaction if its process says nothing for so long: others wait for its locks. */
export async function endIfIdle(trx: Queryable, afterMs = HANGS_AFTER_MS): Promise<void> {
  await trx.query(sql`SELECT set_config('idle_in_transaction_session_timeout', ${String(afterMs)}, true)`);
}

import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Pool } from 'pg';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { DatabaseConnection } from '../../database/connection.ts';
import { DEFAULT_RULES, type AccountingRules } from '../accounting/meter.ts';
import type { Ledger } from '../ledger.ts';
import { connectToDatabase } from './connect.ts';
import { foldLateIntoStore } from './fold-late.ts';
import { foldIntoStore } from './fold-sweep.ts';
import { listGaps } from './load-gaps.ts';
import { migrate } from './migrate.ts';
import { DEFAULT_STORAGE_POLICY, maintainStore } from './pack.ts';
import { queryProjects } from './project-query.ts';
import { declareSites, recordFailure, siteStatuses } from './site-queries.ts';
import { exportLedger, importLedger } from './transfer.ts';
import { queryUsage } from './usage.ts';
import { verifyConservation } from './verify.ts';

export interface LedgerOptions {
  connection: DatabaseConnection;
  clock: Clock;
  logger: Logger;
  /** An interval between readings that is longer than this, and crosses an hour's boundary, is marked as spread. */
  gapThresholdMs?: number | undefined;
  /** Whether migrations may run that destroy something. */
  allowDestructiveMigrations?: boolean | undefined;
}

/**
 * Opens the ledger in a PostgreSQL 15 or newer, and brings its schema up to date. Throws a `UserError` where the
 * database does not answer, was written by a newer version, or would have to be migrated destructively. Later every method throws what the database threw:
 * nothing of it was done then, and the caller may try again.
 */
export async function openLedger({
  connection,
  clock,
  logger,
  gapThresholdMs,
  allowDestructiveMigrations,
}: LedgerOptions): Promise<Ledger> {
  const rules: AccountingRules = {
    ...DEFAULT_RULES,
    ...(gapThresholdMs === undefined ? {} : { gapThresholdMs }),
  };
  const pool = await connectToDatabase(connection, logger);
  const database = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(pool, logger, { allowDestructive: allowDestructiveMigrations });
  } catch (error) {
    await pool.end();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    declareSites: (sites) => declareSites(database, sites),
    fold: (site, sweep) => foldIntoStore(database, site, sweep, rules),
    gaps: (site) => listGaps(database, site),
    foldLate: (site, sweeps) => foldLateIntoStore(database, site, sweeps, rules),
    recordFailure: (site, atMs, reason) => recordFailure(database, site, atMs, reason),
    sites: () => siteStatuses(database),
    projects: (query) => queryProjects(database, query),
    usage: (query) => queryUsage(database, query, clock.nowMs(), rules),
    verify: () => verifyConservation(database),
    maintain: (policy) => maintainStore(database, clock.nowMs(), policy ?? DEFAULT_STORAGE_POLICY),
    exportLines: () => exportLedger(pool),
    importLines: (lines) => importLedger(pool, lines),
    ping: async () => void (await sql`SELECT 1`.execute(database)),
    close: () => (closing ??= endAll(database, pool)),
  };
}

/** Kysely ends the pool only where it has asked something itself; what uses the pool alone would leave it open. */
async function endAll(database: Kysely<unknown>, pool: Pool): Promise<void> {
  await database.destroy();
  if (!pool.ending) await pool.end();
}

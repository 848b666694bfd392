import { Kysely, PostgresDialect, sql } from 'kysely';
import pLimit from 'p-limit';
import type { Pool } from 'pg';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { DatabaseConnection } from '../../database/connection.ts';
import type { AccountingRules } from '../accounting/meter.ts';
import { capsOfSite, type SiteCaps } from '../accounting/site-caps.ts';
import { rulesOfSite } from '../accounting/site-rules.ts';
import type { Ledger, Sweep } from '../ledger.ts';
import { connectToDatabase } from './connect.ts';
import { admitSweep } from './admit-sweep.ts';
import { queryCoverage } from './coverage-query.ts';
import { queryCoverageShares } from './coverage-shares.ts';
import { foldLateIntoStore, joined } from './fold-late.ts';
import { foldIntoStore } from './fold-sweep.ts';
import { inTurn } from './in-turn.ts';
import { listGaps } from './load-gaps.ts';
import { migrate } from './migrate.ts';
import { DEFAULT_STORAGE_POLICY, maintainStore } from './pack.ts';
import { queryProjects } from './project-query.ts';
import { declareSites, recordFailure, siteStatuses } from './site-queries.ts';
import { exportLedger, importLedger } from './transfer.ts';
import { queryUsage } from './usage.ts';
import { streamUsage } from './usage-stream.ts';
import { verifyConservation } from './verify.ts';

export interface LedgerOptions {
  connection: DatabaseConnection;
  clock: Clock;
  logger: Logger;
  /** Whether migrations may run that destroy something. */
  allowDestructiveMigrations?: boolean | undefined;
}

/** So many at a time, each with a connection of the pool; others wait for their turn, and sweeps for none of them. */
const LONG_ANSWERS = 3;

/**
 * Opens the ledger in a PostgreSQL 15 or newer, and brings its schema up to date. Throws a `UserError` where the
 * database does not answer, was written by a newer version, or would have to be migrated destructively. Later every method throws what the database threw:
 * nothing of it was done then, and the caller may try again.
 */
export async function openLedger({
  connection,
  clock,
  logger,
  allowDestructiveMigrations,
}: LedgerOptions): Promise<Ledger> {
  // Of the declared sites: who looks after them declares them.
  const rules = new Map<string, AccountingRules>();
  const caps = new Map<string, SiteCaps>();
  const admitted = async (site: string, sweep: Sweep) =>
    await admitSweep(database, site, sweep, caps.get(site) ?? capsOfSite());
  const rulesOf = (site: string) => rules.get(site) ?? rulesOfSite(undefined);
  const longAnswers = pLimit(LONG_ANSWERS);
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
    declareSites: async (sites) => {
      await declareSites(database, sites);
      for (const { name, intervalMs, maxProjects } of sites) {
        rules.set(name, rulesOfSite(intervalMs));
        caps.set(name, capsOfSite(maxProjects));
      }
    },
    fold: async (site, sweep, lease) => {
      const taken = await admitted(site, sweep);
      const outcome = await foldIntoStore(database, site, taken, rulesOf(site), lease);
      const refusals = taken.refusals.slice(sweep.refusals.length);
      return refusals.length === 0 ? outcome : { ...outcome, refusals };
    },
    gaps: (site) => listGaps(database, site),
    foldLate: async (site, sweeps, lease) => {
      return await foldLateIntoStore(
        database,
        site,
        [await admitted(site, joined(sweeps))],
        rulesOf(site),
        lease,
      );
    },
    recordFailure: (site, atMs, reason, lease) => recordFailure(database, site, atMs, reason, lease),
    sites: () => siteStatuses(database),
    projects: (query) => queryProjects(database, query),
    usage: (query) => queryUsage(database, query, clock.nowMs(), rulesOf),
    allUsage: (query, gone) =>
      inTurn(longAnswers, () => streamUsage(database, query, clock.nowMs(), rulesOf), gone),
    coverage: (query) => queryCoverage(database, query, clock.nowMs(), rulesOf),
    coverageShares: (fromMs, toMs) => queryCoverageShares(database, fromMs, toMs),
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

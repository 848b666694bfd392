import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { Database } from '../../database/database.ts';
import { withAdvice } from '../../database/database-advice.ts';
import { requireServer } from '../../database/require-server.ts';
import { sql } from '../../database/sql.ts';
import type { Ledger } from '../ledger.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from '../question-cost.ts';
import { DEFAULT_STORAGE_POLICY } from '../storage-policy.ts';
import { answersOf } from './answers-of.ts';
import { queryCoverageShares } from './answers/coverage-query.ts';
import { listGaps } from './sweeps/load/load-gaps.ts';
import { recordFailure } from './sweeps/record-failure.ts';
import { sweepFolds } from './sweeps/sweep-folds.ts';
import { isDistributed } from './database/distribution.ts';
import { migrate, requireSchema } from './database/migrate.ts';
import { maintainStore } from './upkeep/pack.ts';
import { declareSites, siteStatus } from './answers/site-queries.ts';
import { exportLedger } from './upkeep/export-ledger.ts';
import { importLedger } from './upkeep/import-ledger.ts';
import { verifyLedger } from './upkeep/verify.ts';

export interface LedgerOptions {
  /** The ledger owns the database from now on: `close()` closes it. */
  database: Database;
  clock: Clock;
  logger: Logger;
  /** Whether destructive migrations may run. */
  allowDestructiveMigrations?: boolean | undefined;
  /** False to leave the schema as it is, and to refuse another one than this program's. */
  migrates?: boolean | undefined;
  /** The limits of one question; the defaults if left out. */
  limits?: QuestionLimits | undefined;
}

/**
 * Opens the ledger in PostgreSQL 15 or newer, and migrates its schema. Throws `UserError` and closes the database if a newer
 * version wrote the ledger, or if a destructive migration is not allowed. Methods of the ledger throw errors of the
 * database: then they have done nothing, and the caller may try again.
 */
export async function openLedger({
  database,
  clock,
  logger,
  allowDestructiveMigrations,
  migrates = true,
  limits = DEFAULT_QUESTION_LIMITS,
}: LedgerOptions): Promise<Ledger> {
  const { sweeps, readiness } = database.lanes;
  // With distributed tables, a site on a node that is down would make others fold twice.
  let shares = false;
  try {
    await requireServer(database);
    if (migrates) await migrate(database, logger, { allowDestructive: allowDestructiveMigrations });
    else await requireSchema(database);
    shares = !(await isDistributed(database));
  } catch (error) {
    await database.close();
    throw withAdvice(error);
  }
  return {
    ...answersOf(database, clock, limits),
    declareSites: async (sites) =>
      noteUnavailable(logger, await sweeps.run(() => declareSites(database, sites))),
    ...sweepFolds(database, { shares }),
    gaps: (site) => sweeps.run(() => listGaps(database, site)),
    recordFailure: (site, atMs, reason, lease) =>
      sweeps.run(() => recordFailure(database, site, atMs, reason, lease)),
    site: (name) => sweeps.run(() => siteStatus(database, name)),
    coverageShares: (fromMs, toMs) => sweeps.run(() => queryCoverageShares(database, fromMs, toMs)),
    verify: () => sweeps.run(() => verifyLedger(database)),
    maintain: (policy, portal) =>
      sweeps.run(() => maintainStore(database, clock.nowMs(), policy ?? DEFAULT_STORAGE_POLICY, portal)),
    exportLines: (content = 'export') => sweeps.through(() => exportLedger(database, content)),
    importLines: (lines, content = 'export') =>
      sweeps.run(() => importLedger(database, lines, logger, content)),
    ping: () => readiness.run(async () => void (await database.query(sql`SELECT 1`))),
    close: () => database.close(),
  };
}

function noteUnavailable(logger: Logger, sites: readonly string[]): void {
  if (sites.length === 0) return;
  logger.warn(
    { sites: sites.join(', ') },
    'the database node of these sites is down: their retired clouds stay as they were',
  );
}

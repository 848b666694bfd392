import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { Database } from '../../database/database.ts';
import { withAdvice } from '../../database/database-advice.ts';
import { requireServer } from '../../database/require-server.ts';
import { sql, type Queryable } from '../../database/sql.ts';
import type { Ledger, ScopedQuestion } from '../ledger.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from '../question-cost.ts';
import { DEFAULT_STORAGE_POLICY } from '../storage-policy.ts';
import { queryCoverage, queryCoverageShares } from './answers/coverage-query.ts';
import { listGaps } from './sweeps/load/load-gaps.ts';
import { sweepFolds } from './sweeps/sweep-folds.ts';
import { migrate } from './database/migrate.ts';
import { maintainStore } from './upkeep/pack.ts';
import { queryProjects } from './answers/project-query.ts';
import { declareSites, recordFailure, siteStatus } from './answers/site-queries.ts';
import { SiteReach } from './answers/site-reach.ts';
import { exportLedger } from './upkeep/export-ledger.ts';
import { importLedger } from './upkeep/import-ledger.ts';
import { Questions } from './answers/question.ts';
import { askAllUsage, askUsage } from './answers/usage-questions.ts';
import { verifyConservation } from './upkeep/verify.ts';

export interface LedgerOptions {
  /** The ledger owns the database from now on: `close()` closes it. */
  database: Database;
  clock: Clock;
  logger: Logger;
  /** Whether destructive migrations may run. */
  allowDestructiveMigrations?: boolean | undefined;
  /** The limits of one question; the defaults if left out. */
  limits?: QuestionLimits | undefined;
}

type Ask<T> = (trx: Queryable) => Promise<T>;

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
  limits = DEFAULT_QUESTION_LIMITS,
}: LedgerOptions): Promise<Ledger> {
  const { lanes } = database;
  const { sweeps, readiness } = lanes;
  try {
    await requireServer(database);
    await migrate(database, logger, { allowDestructive: allowDestructiveMigrations });
  } catch (error) {
    await database.close();
    throw withAdvice(error);
  }
  const questions = new Questions(database);
  const asking =
    (gone?: AbortSignal) =>
    async <T>(ask: Ask<T>) =>
      await questions.ask({ lane: lanes.questions, timeoutMs: limits.timeoutMs, gone }, ask);
  const reach = new SiteReach();
  const orRefusal = async <T>(question: ScopedQuestion, answer: Promise<T>): Promise<T> =>
    await answer.catch(async (error: unknown) => {
      throw await reach.refusal(error, question, asking());
    });
  const answer = async <T>(question: ScopedQuestion, gone: AbortSignal | undefined, ask: Ask<T>) =>
    await orRefusal(question, asking(gone)(ask));
  const usage = { questions, lanes, limits, nowMs: () => clock.nowMs() };
  return {
    declareSites: async (sites) =>
      noteUnavailable(logger, await sweeps.run(() => declareSites(database, sites))),
    ...sweepFolds(database),
    gaps: (site) => sweeps.run(() => listGaps(database, site)),
    recordFailure: (site, atMs, reason, lease) =>
      sweeps.run(() => recordFailure(database, site, atMs, reason, lease)),
    sites: (question, gone) => reach.statuses(question, asking(gone)),
    site: (name) => sweeps.run(() => siteStatus(database, name)),
    projects: (query, gone) => answer(query, gone, (trx) => queryProjects(trx, query)),
    usage: (query, gone) => orRefusal(query, askUsage(usage, query, gone)),
    allUsage: async function* (query, gone) {
      try {
        yield* askAllUsage(usage, query, gone);
      } catch (error) {
        throw await reach.refusal(error, query, asking());
      }
    },
    coverage: (query, gone) => answer(query, gone, (trx) => queryCoverage(trx, query, clock.nowMs())),
    coverageShares: (fromMs, toMs) => sweeps.run(() => queryCoverageShares(database, fromMs, toMs)),
    verify: () => sweeps.run(() => verifyConservation(database)),
    maintain: (policy) =>
      sweeps.run(() => maintainStore(database, clock.nowMs(), policy ?? DEFAULT_STORAGE_POLICY)),
    exportLines: () => sweeps.through(() => exportLedger(database)),
    importLines: (lines) => sweeps.run(() => importLedger(database, lines, logger)),
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

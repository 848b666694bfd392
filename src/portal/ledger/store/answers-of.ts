import type { Clock } from '../../../runtime/clock.ts';
import type { Database } from '../../database/database.ts';
import type { Queryable } from '../../database/sql.ts';
import type { Answers } from '../answers.ts';
import type { ScopedQuestion } from '../ledger.ts';
import type { QuestionLimits } from '../question-cost.ts';
import { queryCoverage } from './answers/coverage-query.ts';
import { queryProjects } from './answers/project-query.ts';
import { queryAnomalies } from './answers/quality/anomalies-query.ts';
import { queryCorrections } from './answers/quality/corrections-query.ts';
import { queryRefusals } from './answers/quality/refusals-query.ts';
import { querySweeps } from './answers/quality/sweeps-query.ts';
import { Questions } from './answers/question.ts';
import { SiteReach } from './answers/site-reach.ts';
import { askAllUsage, askProjectUsages, askUsage } from './answers/usage-questions.ts';

type Ask<T> = (trx: Queryable) => Promise<T>;

/** The answers of the ledger in a database. They only read, so the database may be a replica. */
export function answersOf(database: Database, clock: Clock, limits: QuestionLimits): Answers {
  const { lanes } = database;
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
    sites: (question, gone) => reach.statuses(question, asking(gone)),
    projects: (query, gone) => answer(query, gone, (trx) => queryProjects(trx, query)),
    usage: (query, gone) => orRefusal(query, askUsage(usage, query, gone)),
    projectUsages: (query, gone) => orRefusal(query, askProjectUsages(usage, query, gone)),
    allUsage: async function* (query, gone) {
      try {
        yield* askAllUsage(usage, query, gone);
      } catch (error) {
        throw await reach.refusal(error, query, asking());
      }
    },
    coverage: (query, gone) => answer(query, gone, (trx) => queryCoverage(trx, query, clock.nowMs())),
    corrections: (query, gone) => answer(query, gone, (trx) => queryCorrections(trx, query)),
    anomalies: (query, gone) => answer(query, gone, (trx) => queryAnomalies(trx, query)),
    refusals: (query, gone) => answer(query, gone, (trx) => queryRefusals(trx, query)),
    sweeps: (query, gone) => answer(query, gone, (trx) => querySweeps(trx, query)),
  };
}

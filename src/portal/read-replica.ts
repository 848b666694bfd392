import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { openPool, serverName } from './database/connect.ts';
import { Database } from './database/database.ts';
import { POOL_SIZE } from './database/lanes.ts';
import { Replica } from './database/replica.ts';
import type { Answers } from './ledger/answers.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from './ledger/question-cost.ts';
import { ReplicaFirst } from './ledger/replica-first.ts';
import { answersOf } from './ledger/store/answers-of.ts';

export interface ReadReplicaParts {
  url: string;
  primary: Database;
  onPrimary: Answers;
  limits: QuestionLimits | undefined;
  clock: Clock;
  logger: Logger;
  atEnd: (end: () => Promise<void>) => void;
}

/** Lets a read replica answer questions. Throws `UserError` if the server is no replica of the primary. */
export async function openReadReplica({
  url,
  primary,
  onPrimary,
  limits = DEFAULT_QUESTION_LIMITS,
  clock,
  logger,
  atEnd,
}: ReadReplicaParts): Promise<ReplicaFirst> {
  const connection = { connectionString: url };
  const database = new Database(openPool(connection, logger, POOL_SIZE, 'DATABASE_READ_URL'));
  atEnd(async () => await database.close());
  const replica = new Replica({ database, primary, name: serverName(connection), clock, logger });
  await replica.check();
  return new ReplicaFirst({ replica, onReplica: answersOf(database, clock, limits), onPrimary });
}

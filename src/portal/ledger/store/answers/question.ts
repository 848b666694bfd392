import type { Database } from '../../../database/database.ts';
import { sql, type Queryable } from '../../../database/sql.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { TooManyWaitError, type Turns } from '../../../database/turns.ts';
import { codeOf } from '../../../../runtime/user-error.ts';
import { RefusedQuestionError } from '../../question-errors.ts';

/** The lane, the time limit and the end of a question. */
export interface QuestionOptions {
  lane: Turns;
  timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  gone?: AbortSignal | undefined;
}

/** Runs questions to the ledger. Each one ends after a time limit, or when its client is gone. */
export class Questions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws `RefusedQuestionError` if the answer takes too long or too many questions wait, and the reason of `gone`. */
  async ask<T>(options: QuestionOptions, answer: (trx: Queryable) => Promise<T>): Promise<T> {
    const pieces = this.stream(options, async function* (trx) {
      yield await answer(trx);
    });
    for await (const piece of pieces) return piece;
    throw new Error('a question had no answer');
  }

  /** Like `ask`, for an answer in pieces. It keeps its turn and its connection until the end. */
  async *stream<T>(
    options: QuestionOptions,
    answer: (trx: Queryable) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    try {
      yield* options.lane.through(() => this.#atOneInstant(options, answer), options.gone);
    } catch (error) {
      throw refusal(error, options);
    }
  }

  /** Uses one snapshot: hours that are dropped meanwhile are all there for this answer, or it is refused. */
  #atOneInstant<T>(
    options: QuestionOptions,
    answer: (trx: Queryable) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    return this.#database.snapshot((trx) => this.#bounded(trx, options, answer));
  }

  async *#bounded<T>(
    trx: Queryable,
    { timeoutMs, gone }: QuestionOptions,
    answer: (trx: Queryable) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const pid = await bound(trx, timeoutMs);
    const ending = new AbortController();
    let cancelling: Promise<void> | undefined;
    const cancel = () => void (cancelling ??= this.#cancel(pid, ending.signal));
    gone?.addEventListener('abort', cancel, { once: true });
    try {
      gone?.throwIfAborted();
      yield* answer(trx);
    } finally {
      ending.abort();
      gone?.removeEventListener('abort', cancel);
      // A cancellation that comes later would end the next question on this connection.
      await cancelling;
    }
  }

  /** Repeats the cancellation, because one that arrives between two statements ends neither. */
  async #cancel(pid: number, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.#database
        .inLane('readiness')
        .query(sql`SELECT pg_cancel_backend(${pid})`)
        .catch(() => undefined);
      await delay(CANCEL_AGAIN_MS, undefined, { signal: ended }).catch(() => undefined);
    }
  }
}

const CANCEL_AGAIN_MS = 100;

/** Also ends a transaction that is idle for 30 seconds: a portal that stops in the middle would keep the connection. */
async function bound(trx: Queryable, timeoutMs: number): Promise<number> {
  const { rows } = await trx.query<{ pid: number }>(sql`
    SELECT pg_backend_pid() AS pid, set_config('statement_timeout', ${String(timeoutMs)}, true),
           set_config('idle_in_transaction_session_timeout', '30s', true)`);
  return (rows[0] as { pid: number }).pid;
}

const QUERY_CANCELED = '57014';

function refusal(error: unknown, { timeoutMs, gone }: QuestionOptions): unknown {
  if (gone?.aborted === true) return error;
  if (error instanceof TooManyWaitError)
    return new RefusedQuestionError('busy', 'too many questions are asked at once: ask again later', error);
  if (codeOf(error) !== QUERY_CANCELED) return error;
  return new RefusedQuestionError(
    'slow',
    `the answer takes longer than ${timeoutMs / 1000} seconds: ask for a longer step, a shorter time, or one site, project, grant or resource`,
    error,
  );
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../runtime/clock.ts';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import { codeOf, describeError, UserError } from '../../runtime/user-error.ts';
import type { Database } from './database.ts';
import { isDatabaseAway } from './database-away.ts';
import { ageOf, type PrimaryFacts, type ReplicaFacts } from './replica-age.ts';
import { sql, type Queryable } from './sql.ts';

export interface ReplicaParts {
  database: Database;
  primary: Database;
  /** Names the replica in messages. */
  name: string;
  clock: Clock;
  logger: Logger;
}

/** A read replica of the database. */
export class Replica {
  readonly #database: Queryable;
  readonly #primary: Queryable;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #failure: LastingFailure;
  #restsUntilMs = 0;

  constructor({ database, primary, name, clock, logger }: ReplicaParts) {
    this.#database = database;
    this.#primary = primary.inLane('readiness');
    this.#name = name;
    this.#clock = clock;
    const says = {
      failed: 'the read replica is not used, and the primary answers questions',
      recovered: 'the read replica is used again',
    };
    this.#failure = new LastingFailure(logger, says, 'warn');
  }

  /** Throws `UserError` if this is no replica of the primary. One that is down or not ready may come later. */
  async check(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      if (error instanceof UserError)
        throw new UserError(`cannot use DATABASE_READ_URL: ${this.#name}: ${describeError(error)}`, {
          cause: error,
        });
      this.#rest(error);
    }
  }

  /** How many seconds the replica is behind at most; undefined while it cannot be used. */
  async age(): Promise<number | undefined> {
    if (this.#clock.nowMs() < this.#restsUntilMs) return undefined;
    try {
      const seconds = await this.#look();
      this.#failure.succeeded();
      return seconds;
    } catch (error) {
      this.#rest(error);
      return undefined;
    }
  }

  /** Whether the primary may answer the question that failed here with this error. */
  isToBlame(error: unknown): boolean {
    if (!(error instanceof Error)) return false;
    if (isDatabaseAway(error)) this.#rest(error);
    else return IN_THE_WAY.test(codeOf(error) ?? '');
    return true;
  }

  /** Throws a `UserError` if only a person can make the replica usable. */
  async #look(): Promise<number> {
    const primary = await this.#primaryFacts();
    return ageOf(await inTime(this.#facts(primary)), primary);
  }

  async #primaryFacts(): Promise<PrimaryFacts> {
    try {
      const { rows } = await this.#primary.query<PrimaryFacts>(sql`
        SELECT ${ofServer}, pg_current_wal_flush_lsn()::text AS position, extract(epoch FROM clock_timestamp())::float8 AS now`);
      return rows[0] as PrimaryFacts;
    } catch (cause) {
      throw new Error('the primary does not answer', { cause });
    }
  }

  async #facts({ position }: PrimaryFacts): Promise<ReplicaFacts> {
    try {
      const { rows } = await this.#database.query<ReplicaFacts>(sql`
        SELECT ${ofServer}, pg_is_in_recovery() AS is_replica, pg_last_wal_replay_lsn() >= ${position}::pg_lsn AS has_all,
               extract(epoch FROM pg_last_xact_replay_timestamp())::float8 AS replayed_until`);
      return rows[0] as ReplicaFacts;
    } catch (error) {
      if (isDatabaseAway(error as Error) || codeOf(error) === NO_TABLE) throw error;
      throw new UserError(describeError(error), { cause: error });
    }
  }

  /** Otherwise each question would wait for a replica that does not answer. */
  #rest(error: unknown): void {
    this.#restsUntilMs = this.#clock.nowMs() + REST_MS;
    this.#failure.failed(error);
  }
}

const ofServer = sql`(SELECT system_identifier::text FROM pg_control_system()) AS system, current_database() AS database,
             (SELECT max(id) FROM ledger.migration) AS schema`;

const NO_TABLE = '42P01';
/** The replay of a change ended the question: class 40 of PostgreSQL's error codes. */
const IN_THE_WAY = /^40/;
const REST_MS = 5_000;
const PATIENCE_MS = 2_000;

async function inTime<T>(work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = delay(PATIENCE_MS, undefined, { signal: done.signal }).then(() => {
    throw new Error(`it does not answer within ${PATIENCE_MS / 1000} seconds`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

import type { Pool, PoolClient, QueryResult } from 'pg';
import type { Logger } from '../../runtime/logger.ts';
import { codeOf } from '../../runtime/user-error.ts';
import { connectToDatabase } from './connect.ts';
import type { DatabaseConnection } from './connection.ts';
import { openLanes, POOL_SIZE, type LaneName, type Lanes } from './lanes.ts';
import { sql, type Queryable, type Rows, type Statement, type Transaction } from './sql.ts';

/** The connection pool of the process, and the lanes in which its users take turns. */
export class Database implements Queryable {
  readonly lanes: Lanes = openLanes();
  readonly #pool: Pool;
  #closing: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async query<Row extends object>(statement: Statement): Promise<Rows<Row>> {
    return await this.#pool.query<Row>(statement);
  }

  /** Runs each statement by itself, in its turn in a lane. */
  inLane(name: LaneName): Queryable {
    return { query: async (statement) => await this.lanes[name].run(() => this.query(statement)) };
  }

  /** Runs `work` in one transaction: all of it takes effect, or nothing. */
  async transaction<T>(work: (trx: Transaction) => Promise<T>, begin = sql`BEGIN`): Promise<T> {
    const client = await this.#pool.connect();
    const trx = new Pipeline(client);
    try {
      trx.send(begin);
      const result = await work(trx);
      await trx.commit();
      client.release();
      return result;
    } catch (error) {
      await rollBack(client, trx, OUTDATED_STATEMENT.test(codeOf(error) ?? ''));
      throw error;
    }
  }

  /** Reads the database as of one instant, piece by piece. */
  async *snapshot<T>(read: (trx: Queryable) => AsyncIterable<T>): AsyncGenerator<T> {
    const client = await this.#pool.connect();
    const trx = new Pipeline(client);
    try {
      await trx.query(sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`);
      yield* read(trx);
    } finally {
      await rollBack(client, trx);
    }
  }

  async close(): Promise<void> {
    await (this.#closing ??= this.#pool.end());
  }
}

/** Opens a pool with enough connections for all lanes. Throws `UserError`, which names the server. */
export async function openDatabase(connection: DatabaseConnection, logger: Logger): Promise<Database> {
  return new Database(await connectToDatabase(connection, logger, POOL_SIZE));
}

/** The statements of a transaction. They run in order, and those of one moment leave in one packet. */
class Pipeline implements Transaction {
  readonly #client: PoolClient;
  #sent: Promise<unknown> = Promise.resolve();
  /** The error of the first sent statement that failed. */
  #failure: Error | undefined;
  #corked = false;
  #ended = false;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  send(statement: Statement): void {
    const note = (error: Error) => (this.#failure ??= error);
    // Statements are answered in order, so the last one is answered after all others.
    this.#sent = this.#ask(statement, note).catch(note);
  }

  async query<Row extends object>(statement: Statement): Promise<Rows<Row>> {
    try {
      return await this.#ask<Row>(statement);
    } catch (error) {
      // After a failure PostgreSQL refuses all statements; the first error has the reason.
      await this.#allSent();
      throw error;
    }
  }

  /**
   * Ends the transaction, in one packet with the statements that were sent last. Throws the error of the first one that
   * failed: then PostgreSQL has rolled back.
   */
  async commit(): Promise<void> {
    // PostgreSQL does not know of a statement that could not even be sent.
    if (this.#failure !== undefined) throw this.#failure;
    const ended = this.end(sql`COMMIT`);
    ended.catch(() => undefined);
    await this.#allSent();
    await ended;
  }

  /** Sends the last statement. Throws if it is `COMMIT` and PostgreSQL rolls back, as it does after a failed statement. */
  async end(statement: Statement): Promise<void> {
    this.#ended = true;
    const { command } = await this.#run(statement);
    if (command !== statement.text) throw new Error('a statement failed: the transaction was rolled back');
  }

  async #allSent(): Promise<void> {
    await this.#sent;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #ask<Row extends object>(statement: Statement, onError?: (error: Error) => void): Promise<Rows<Row>> {
    // A statement that comes late would run outside of the transaction, perhaps in the next one.
    if (this.#ended) throw new Error('the transaction has ended');
    this.#cork();
    return await this.#run<Row>(statement, onError);
  }

  /** `onError` is called at once if the statement cannot be sent. */
  async #run<Row extends object>(
    statement: Statement,
    onError?: (error: Error) => void,
  ): Promise<QueryResult<Row>> {
    return await new Promise((resolve, reject) => {
      this.#client.query<Row>(statement, (error: Error | null, result) => {
        if (error === null) return resolve(result);
        onError?.(error);
        reject(error);
      });
    });
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = this.#client.connection;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }
}

/** The result of a prepared statement has other types now, or the server does not know the statement any more. */
const OUTDATED_STATEMENT = /^(?:0A000|26000)$/;

/** A connection that cannot roll back is closed: its transaction ends with it. So do the statements that it keeps. */
async function rollBack(client: PoolClient, trx: Pipeline, mustClose = false): Promise<void> {
  const isDone = await trx.end(sql`ROLLBACK`).then(
    () => true,
    () => false,
  );
  client.release(mustClose || !isDone);
}

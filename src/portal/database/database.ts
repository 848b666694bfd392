import type { Pool, PoolClient } from 'pg';
import type { Logger } from '../../runtime/logger.ts';
import { codeOf } from '../../runtime/user-error.ts';
import { connectToDatabase } from './connect.ts';
import type { DatabaseConnection } from './connection.ts';
import { openLanes, POOL_SIZE, type LaneName, type Lanes } from './lanes.ts';
import { sql, type Queryable, type Rows, type Statement } from './sql.ts';

/** The connection pool of the process, and the lanes in which its users take turns. */
export class Database implements Queryable {
  readonly lanes: Lanes = openLanes();
  readonly #pool: Pool;
  #closing: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async query<Row extends object>(statement: Statement): Promise<Rows<Row>> {
    return await queryOn<Row>(this.#pool, statement);
  }

  /** Runs each statement by itself, in its turn in a lane. */
  inLane(name: LaneName): Queryable {
    return { query: async (statement) => await this.lanes[name].run(() => this.query(statement)) };
  }

  /** Runs `work` in one transaction: all of it takes effect, or nothing. */
  async transaction<T>(work: (trx: Queryable) => Promise<T>, begin = sql`BEGIN`): Promise<T> {
    const client = await this.#pool.connect();
    const trx = queryable(client);
    try {
      await trx.query(begin);
      const result = await work(trx);
      await trx.query(sql`COMMIT`);
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
    const trx = queryable(client);
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

/** A connection runs one statement at a time: the next one starts when the previous one has ended. */
function queryable(client: PoolClient): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: async <Row extends object>(statement: Statement) => {
      const asked = last.then(async () => await queryOn<Row>(client, statement));
      last = asked.catch(() => undefined);
      return await asked;
    },
  };
}

/** Passes a copy: `pg` changes the object, and a statement may run twice. */
async function queryOn<Row extends object>(
  on: Pool | PoolClient,
  { name, text, values }: Statement,
): Promise<Rows<Row>> {
  return await (on as Pool).query<Row>({ ...(name === undefined ? {} : { name }), text, values });
}

/** The result of a prepared statement has other types now, or the server does not know the statement any more. */
const OUTDATED_STATEMENT = /^(?:0A000|26000)$/;

/** A connection that cannot roll back is closed: its transaction ends with it. So do the statements that it keeps. */
async function rollBack(client: PoolClient, trx: Queryable, mustClose = false): Promise<void> {
  const isDone = await trx.query(sql`ROLLBACK`).then(
    () => true,
    () => false,
  );
  client.release(mustClose || !isDone);
}

import { Client, Pool, type PoolConfig } from 'pg';
import type { Logger } from '../../runtime/logger.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { databaseAdvice } from './database-advice.ts';
import type { DatabaseConnection } from './connection.ts';

/** Opens a pool and tests it. Throws `UserError`, which names the server and never the password. */
export async function connectToDatabase(
  connection: DatabaseConnection,
  logger: Logger,
  size = 10,
): Promise<Pool> {
  const pool = openPool(connection, logger, size);
  try {
    await pool.query('SELECT 1');
    return pool;
  } catch (cause) {
    await pool.end();
    throw new UserError(
      `cannot use the database ${serverName(connection)}: ${describeError(cause)}: ${databaseAdvice(cause) ?? 'start it, or correct DATABASE_URL'}`,
      { cause },
    );
  }
}

/** Opens a pool that connects when it is asked. Throws `UserError`, which names the setting, for an address that is no URL. */
export function openPool(
  connection: DatabaseConnection,
  logger: Logger,
  size: number,
  setting = 'DATABASE_URL',
): Pool {
  const settings: PoolConfig = {
    max: size,
    connectionTimeoutMillis: 10_000,
    // So a lost server is noticed within minutes, not hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    application_name: 'stackmeter',
    // A statement does not wait for the answer to the one before it.
    pipeline: true,
  };
  refuseUnreadable(connection, setting);
  const pool = new Pool({ ...settings, ...withoutEnvironment(connection) });
  // Without a listener, an idle connection that breaks would end the process.
  pool.on('error', (error) => {
    // While the pool is closing, the server may close a connection first.
    if (!pool.ending) logger.warn({ reason: error.message }, 'an idle database connection broke');
  });
  // The pool removes its own listener from a connection that is being closed.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function refuseUnreadable(connection: DatabaseConnection, setting: string): void {
  try {
    void new Client(connection);
  } catch {
    // The parser's message may contain the password.
    throw new UserError(`${setting} is not a URL such as postgres://user:password@host:5432/database`);
  }
}

/** For our own server, overrides variables such as PGPASSWORD and PGSSLMODE. */
function withoutEnvironment(connection: DatabaseConnection): PoolConfig {
  return 'connectionString' in connection ? connection : { ...connection, password: '', ssl: false };
}

/** The database and the address of its server, without a password. */
export function serverName(connection: DatabaseConnection): string {
  const { database, host, port, user } = new Client(connection);
  return `"${database ?? user ?? ''}" at ${host}:${port}`;
}

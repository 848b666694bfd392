import { UserError } from '../../runtime/user-error.ts';
import { sql, type Queryable } from './sql.ts';

const OLDEST = 150_000;
const SHORTEST_TIMEOUT_MS = 60_000;

/** Throws `UserError` if the database cannot hold the ledger. */
export async function requireServer(database: Queryable): Promise<void> {
  const { rows } = await database.query<ServerFacts>(sql`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS named,
            current_setting('server_encoding') AS encoding,
            (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS timeout_ms`);
  for (const fault of faultsOf(rows[0] as ServerFacts))
    throw new UserError(`cannot use the database: ${fault}`);
}

interface ServerFacts {
  version: number;
  named: string;
  encoding: string;
  timeout_ms: number;
}

export function faultsOf({ version, named, encoding, timeout_ms: timeoutMs }: ServerFacts): string[] {
  return [
    ...(version < OLDEST ? [`its server is PostgreSQL ${named}: 15 or newer is needed`] : []),
    ...(encoding === 'UTF8'
      ? []
      : [
          `its encoding is ${encoding}, which cannot hold all names: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
        ]),
    ...(timeoutMs > 0 && timeoutMs < SHORTEST_TIMEOUT_MS
      ? [
          `its statement_timeout is ${timeoutMs} ms, too short for a sweep: ALTER ROLE … SET statement_timeout = 0`,
        ]
      : []),
  ];
}

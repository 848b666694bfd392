import { Client } from 'pg';
import type { Logger } from '../../../runtime/logger.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { ADVISORY_KEYS } from '../advisory-keys.ts';
import { DATABASE_USER } from './initdb.ts';
import { SOCKET_PORT } from './socket-folder.ts';

/** The exclusive right to an embedded server. An open connection holds it, so it ends with our process in any case. */
export type ExclusiveUse = Client;

/** Connects to the server's maintenance database. Throws errors of `pg` if the server does not answer yet. */
export async function connectToServer(socketFolder: string, logger: Logger): Promise<Client> {
  const client = new Client({
    host: socketFolder,
    port: SOCKET_PORT,
    user: DATABASE_USER,
    database: 'postgres',
    password: '',
    ssl: false,
    application_name: `stackmeter, process ${process.pid}`,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', (error) =>
    logger.debug({ reason: error.message }, 'connection to the database server lost'),
  );
  await client.connect();
  return client;
}

/** Takes the exclusive right, or throws `UserError`, which names the holder. Ends the connection on failure. */
export async function takeExclusiveUse(client: Client, dataFolder: string): Promise<ExclusiveUse> {
  try {
    const taken = await client.query<{ ok: boolean }>(
      `SELECT pg_try_advisory_lock(${ADVISORY_KEYS.embeddedServer}) AS ok`,
    );
    if (taken.rows[0]?.ok === true) return client;
    throw new UserError(
      `the data folder ${dataFolder} is in use by another ${await holder(client)}: stop it, or name another data folder`,
    );
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function holder(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32) + l.objid::bigint = ${ADVISORY_KEYS.embeddedServer}`,
  );
  return rows[0]?.name || 'stackmeter';
}

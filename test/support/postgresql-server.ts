import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Client } from 'pg';
import { clusterFolder, ensureCluster } from '../../src/portal/database/embedded/cluster.ts';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { DATABASE_USER } from '../../src/portal/database/embedded/initdb.ts';
import { chooseServerAccount } from '../../src/portal/database/embedded/server-account.ts';
import {
  makeSocketFolder,
  removeSocketFolder,
  SOCKET_PORT,
} from '../../src/portal/database/embedded/socket-folder.ts';
import { SupervisedServer } from '../../src/portal/database/embedded/supervised-server.ts';
import { silentLogger } from '../../src/runtime/logger.ts';

export interface TestServer {
  start(): Promise<DatabaseConnection>;
  close(): Promise<void>;
}

/** A PostgreSQL server that runs the programs in `bin`, such as Debian's, with its data in `dataFolder`. */
export function installedPostgresql(bin: string, dataFolder: string): TestServer {
  let server: SupervisedServer | undefined;
  let socketFolder = '';
  return {
    start: async () => {
      const logger = silentLogger();
      const cluster = clusterFolder(dataFolder);
      await mkdir(dataFolder, { recursive: true });
      const account = await chooseServerAccount(cluster);
      const binaries = {
        initdb: join(bin, 'initdb'),
        postgres: join(bin, 'postgres'),
        majorVersion: basename(dirname(bin)),
      };
      await ensureCluster(cluster, binaries, account);
      socketFolder = await makeSocketFolder(account);
      const program = binaries.postgres;
      server = new SupervisedServer({ program, cluster, socketFolder, account, dataFolder, logger });
      await server.start();
      return { host: socketFolder, port: SOCKET_PORT, user: DATABASE_USER, database: DATABASE_USER };
    },
    close: async () => {
      await server?.close();
      await removeSocketFolder(socketFolder);
    },
  };
}

/** Another database of the same server. */
export function otherDatabase(connection: DatabaseConnection, database: string): DatabaseConnection {
  if (!('connectionString' in connection)) return { ...connection, database };
  const url = new URL(connection.connectionString);
  url.pathname = `/${database}`;
  return { connectionString: url.href };
}

/** The arguments that make PostgreSQL's programs connect to this database. */
export function reach(connection: DatabaseConnection): string[] {
  if ('connectionString' in connection) return ['-d', connection.connectionString];
  const { host, port, user, database } = connection;
  return ['-h', host, '-p', String(port), '-U', user, '-d', database];
}

/** The URL of a database for DATABASE_URL and PostgreSQL's programs, with the folder of the server's socket. */
export function urlOf(connection: DatabaseConnection): string {
  if ('connectionString' in connection) return connection.connectionString;
  const { host, port, user, database } = connection;
  const parameters = new URLSearchParams({ host, port: String(port), user });
  return `postgresql:///${database}?${parameters.toString()}`;
}

/** Runs one statement over a connection of its own; returns the rows. */
export async function runSql<T extends object>(connection: DatabaseConnection, sql: string): Promise<T[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

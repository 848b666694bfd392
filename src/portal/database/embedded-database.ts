import { resolve } from 'node:path';
import type { Client } from 'pg';
import type { Logger } from '../../runtime/logger.ts';
import { prepareBinaries } from './binaries.ts';
import { DATABASE_USER, ensureCluster } from './cluster.ts';
import type { DatabaseConnection } from './connection.ts';
import { takeExclusiveUse, type ExclusiveUse } from './exclusive-use.ts';
import { endLeftoverServer } from './leftover.ts';
import { clusterFolder, findPlace } from './place.ts';
import { connectWhenReady, spawnServer, type Server, type ServerOptions } from './server.ts';
import { makeSocketFolder, removeSocketFolder, SOCKET_PORT } from './socket-folder.ts';

export interface EmbeddedDatabaseOptions {
  /** Is made where it is missing; the database is in the folder `postgresql` in it. */
  dataFolder: string;
  logger: Logger;
}

/** A PostgreSQL of our own, from npm, reached over a Unix socket alone. */
export interface EmbeddedDatabase {
  /**
   * Makes the database where there is none, and starts its server. Throws a `UserError` where that cannot be: the
   * folder is in use by another portal, is another user's, holds another version, or the platform has no PostgreSQL.
   */
  start(): Promise<DatabaseConnection>;
  /** Ends the server in order. May be called twice, and before `start()` has resolved. */
  close(): Promise<void>;
}

interface Running {
  server: Server;
  use: ExclusiveUse;
  socketFolder: string;
}

export function createEmbeddedDatabase(options: EmbeddedDatabaseOptions): EmbeddedDatabase {
  let starting: Promise<Running> | undefined;
  let closing: Promise<void> | undefined;
  return {
    start: async () => {
      starting ??= startServer({ ...options, dataFolder: resolve(options.dataFolder) });
      return connectionTo((await starting).socketFolder);
    },
    close: async () => {
      closing ??= endServer(starting);
      await closing;
    },
  };
}

function connectionTo(socketFolder: string): DatabaseConnection {
  return { host: socketFolder, port: SOCKET_PORT, user: DATABASE_USER, database: DATABASE_USER };
}

async function startServer({ dataFolder, logger }: EmbeddedDatabaseOptions): Promise<Running> {
  const { folder, account } = await findPlace(dataFolder, logger);
  const binaries = await prepareBinaries(account, folder, logger);
  const cluster = clusterFolder(folder);
  await ensureCluster(cluster, binaries, account);
  await endLeftoverServer(cluster, dataFolder, logger);
  const socketFolder = await makeSocketFolder(account);
  return await serve({ program: binaries.postgres, cluster, socketFolder, account, logger }, dataFolder);
}

async function serve(options: ServerOptions, dataFolder: string): Promise<Running> {
  const server = spawnServer(options);
  try {
    const use = await takeExclusiveUse(await connectWhenReady(server, options), dataFolder);
    await ensureDatabase(use);
    options.logger.info({ folder: options.cluster, serverPid: server.pid }, 'the database server runs');
    return { server, use, socketFolder: options.socketFolder };
  } catch (error) {
    await server.stop();
    await removeSocketFolder(options.socketFolder);
    throw error;
  }
}

async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE_USER]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_USER}`);
}

async function endServer(starting: Promise<Running> | undefined): Promise<void> {
  const running = await starting?.catch(() => undefined);
  if (running === undefined) return;
  await running.use.end().catch(() => undefined);
  await running.server.stop();
  await removeSocketFolder(running.socketFolder);
}

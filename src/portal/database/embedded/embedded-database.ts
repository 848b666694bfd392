import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Logger } from '../../../runtime/logger.ts';
import { prepareBinaries } from './binaries.ts';
import { clusterFolder, ensureCluster } from './cluster.ts';
import type { DatabaseConnection } from '../connection.ts';
import { DATABASE_USER } from './initdb.ts';
import { endLeftoverServer } from './leftover.ts';
import { chooseServerAccount } from './server-account.ts';
import { makeSocketFolder, removeSocketFolder, SOCKET_PORT } from './socket-folder.ts';
import { SupervisedServer } from './supervised-server.ts';

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

interface Started {
  server: SupervisedServer;
  socketFolder: string;
}

export function createEmbeddedDatabase(options: EmbeddedDatabaseOptions): EmbeddedDatabase {
  let starting: Promise<Started> | undefined;
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

async function startServer({ dataFolder, logger }: EmbeddedDatabaseOptions): Promise<Started> {
  await mkdir(dataFolder, { recursive: true });
  const cluster = clusterFolder(dataFolder);
  const account = await chooseServerAccount(cluster);
  const binaries = await prepareBinaries(account, dataFolder, logger);
  await ensureCluster(cluster, binaries, account);
  await endLeftoverServer(cluster, dataFolder, logger);
  const socketFolder = await makeSocketFolder(account);
  const program = binaries.postgres;
  const server = new SupervisedServer({ program, cluster, socketFolder, account, dataFolder, logger });
  try {
    await server.start();
    return { server, socketFolder };
  } catch (error) {
    await removeSocketFolder(socketFolder);
    throw error;
  }
}

async function endServer(starting: Promise<Started> | undefined): Promise<void> {
  const started = await starting?.catch(() => undefined);
  if (started === undefined) return;
  await started.server.close();
  await removeSocketFolder(started.socketFolder);
}

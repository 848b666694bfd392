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
  /** Created if it is missing. The database is in its folder `postgresql`. */
  dataFolder: string;
  logger: Logger;
}

interface StartedServer {
  server: SupervisedServer;
  socketFolder: string;
}

/** The portal's own PostgreSQL, from npm. It can be reached only over a Unix socket. */
export class EmbeddedDatabase {
  readonly #options: EmbeddedDatabaseOptions;
  #starting: Promise<StartedServer> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: EmbeddedDatabaseOptions) {
    this.#options = options;
  }

  /**
   * Creates the database if there is none, and starts its server. Throws `UserError` if another portal uses the folder, if
   * the folder belongs to another user or has another version, or if there is no PostgreSQL for the platform.
   */
  async start(): Promise<DatabaseConnection> {
    const { dataFolder, logger } = this.#options;
    this.#starting ??= startServer({ dataFolder: resolve(dataFolder), logger });
    return connectionTo((await this.#starting).socketFolder);
  }

  /** Ends the server in order. May be called twice, and before `start()` has resolved. */
  async close(): Promise<void> {
    this.#closing ??= endServer(this.#starting);
    await this.#closing;
  }
}

function connectionTo(socketFolder: string): DatabaseConnection {
  return { host: socketFolder, port: SOCKET_PORT, user: DATABASE_USER, database: DATABASE_USER };
}

async function startServer({ dataFolder, logger }: EmbeddedDatabaseOptions): Promise<StartedServer> {
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

async function endServer(starting: Promise<StartedServer> | undefined): Promise<void> {
  const started = await starting?.catch(() => undefined);
  if (started === undefined) return;
  await started.server.close();
  await removeSocketFolder(started.socketFolder);
}

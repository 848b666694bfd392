import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { describeError } from '../../../runtime/user-error.ts';
import { DATABASE_USER } from './initdb.ts';
import { takeExclusiveUse, type ExclusiveUse } from './exclusive-use.ts';
import { connectWhenReady, spawnServer, type Server, type ServerOptions } from './server.ts';

export interface SupervisedOptions extends ServerOptions {
  dataFolder: string;
}

interface RunningServer {
  server: Server;
  /** Kept while the server runs, so that no other process uses it. */
  use: ExclusiveUse;
}

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

/** A server that is restarted on the same socket when it ends unexpectedly (out of memory, killed). */
export class SupervisedServer {
  readonly #options: SupervisedOptions;
  readonly #closing = new AbortController();
  #running: RunningServer | undefined;
  #watch: Promise<void> | undefined;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** Throws if the server does not start. */
  async start(): Promise<void> {
    this.#running = await serve(this.#options);
    this.#watch = this.#keepRunning(this.#running);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#running !== undefined) await end(this.#running);
    await this.#watch;
  }

  async #keepRunning(first: RunningServer): Promise<void> {
    for (
      let running: RunningServer | undefined = first;
      running !== undefined;
      running = await this.#restart()
    ) {
      await running.server.ended;
      if (this.#closing.signal.aborted) return;
      this.#options.logger.error(
        { said: running.server.lastWords() },
        'the database server has ended unexpectedly',
      );
      await running.use.end().catch(() => undefined);
    }
  }

  async #restart(): Promise<RunningServer | undefined> {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
      await delay(delayMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#closing.signal.aborted) return undefined;
      const running = await this.#tryToServe();
      if (running !== undefined) return running;
    }
  }

  async #tryToServe(): Promise<RunningServer | undefined> {
    try {
      this.#running = await serve(this.#options);
    } catch (error) {
      this.#options.logger.error(
        { reason: describeError(error) },
        'the database server could not be restarted; trying again',
      );
      return undefined;
    }
    // `close` was called meanwhile: it has ended only the previous server.
    if (this.#closing.signal.aborted) await end(this.#running);
    return this.#running;
  }
}

async function serve(options: SupervisedOptions): Promise<RunningServer> {
  const server = await spawnServer(options);
  try {
    const use = await takeExclusiveUse(await connectWhenReady(server, options), options.dataFolder);
    await ensureDatabase(use);
    options.logger.info({ folder: options.cluster, serverPid: server.pid }, 'the database server runs');
    return { server, use };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE_USER]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_USER}`);
}

async function end({ server, use }: RunningServer): Promise<void> {
  await use.end().catch(() => undefined);
  await server.stop();
}

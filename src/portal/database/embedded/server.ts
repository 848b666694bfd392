import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Logger } from '../../../runtime/logger.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { connectToServer } from './exclusive-use.ts';
import { handFolder } from './folder-for-account.ts';
import { FOLDER_SETTING } from './postmaster-file.ts';
import { spawnOptionsOf, type ServerAccount } from './server-account.ts';
import { readServerLogLine } from './server-log.ts';
import { SOCKET_PORT } from './socket-folder.ts';

export interface ServerOptions {
  /** The program `postgres`. */
  program: string;
  cluster: string;
  socketFolder: string;
  account: ServerAccount;
  logger: Logger;
}

/** A PostgreSQL server as our child process. */
export interface Server {
  pid: number;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
  hasEnded(): boolean;
  /** The last line of its log. */
  lastWords(): string;
  /** Stops the server in order. Stops it at once after half a minute. */
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 30_000;

/** The server listens only on its socket. It ignores `stackmeter.folder`, by which we recognize the process later. */
function serverArguments(options: ServerOptions, path: string): string[] {
  const settings = {
    listen_addresses: '',
    port: String(SOCKET_PORT),
    unix_socket_directories: options.socketFolder,
    unix_socket_permissions: '0700',
    max_connections: '50',
    log_timezone: 'UTC',
    timezone: 'UTC',
    [FOLDER_SETTING]: options.cluster,
  };
  return ['-D', path, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

export async function spawnServer(options: ServerOptions): Promise<Server> {
  const folder = await handFolder(options.cluster, options.account);
  const child = spawn(options.program, serverArguments(options, folder.path), {
    ...spawnOptionsOf(options.account),
    // Its own process group: Ctrl-C reaches only us, and we stop the server after our last statement.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', ...folder.descriptors],
  });
  const lastWords = forwardLog(child, options.logger);
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const onEnd = () => {
      over = true;
      resolve();
    };
    child.once('exit', onEnd);
    child.once('error', onEnd);
  });
  await folder.release();
  const server = { pid: child.pid ?? 0, ended, hasEnded: () => over, lastWords };
  return { ...server, stop: () => stopServer(child, server) };
}

function forwardLog(child: ChildProcess, logger: Logger): () => string {
  let last = '';
  child.once('error', (error) => (last = error.message));
  if (child.stderr === null) return () => last;
  createInterface({ input: child.stderr }).on('line', (line) => {
    const { level, text } = readServerLogLine(line);
    logger[level](`database server: ${text}`);
    last = text;
  });
  return () => last;
}

async function stopServer(child: ChildProcess, server: Omit<Server, 'stop'>): Promise<void> {
  if (server.hasEnded()) return;
  child.kill('SIGINT');
  const inTime = new AbortController();
  await Promise.race([
    server.ended,
    delay(STOP_WITHIN_MS, undefined, { signal: inTime.signal }).catch(() => undefined),
  ]);
  inTime.abort();
  if (!server.hasEnded()) child.kill('SIGQUIT');
  await server.ended;
}

/**
 * Connects as soon as the server accepts connections. Waits for a recovery of any length. Throws `UserError` if the
 * server ends.
 */
export async function connectWhenReady(server: Server, options: ServerOptions): Promise<Client> {
  for (;;) {
    try {
      return await connectToServer(options.socketFolder, options.logger);
    } catch (cause) {
      if (server.hasEnded())
        throw new UserError(`the database in ${options.cluster} does not start: ${server.lastWords()}`, {
          cause,
        });
      await delay(20);
    }
  }
}

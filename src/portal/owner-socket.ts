import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { access, lstat, open, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import type { Logger } from '../runtime/logger.ts';
import { closeServer } from '../runtime/http/listen.ts';
import { codeOf, describeError, UserError } from '../runtime/user-error.ts';

/** sun_path holds 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 103;

interface SocketPlace {
  /** A path that is short enough for the system. */
  path: string;
  release(): Promise<void>;
}

/** The place of the owner's socket. Throws errors of the file system if there is no such folder. */
async function socketPlace(dataFolder: string): Promise<SocketPlace> {
  const full = join(dataFolder, 'portal.sock');
  const short = [full, relative(process.cwd(), full)].find(fits);
  if (short !== undefined) return { path: short, release: async () => undefined };
  if (process.platform !== 'linux')
    throw new UserError(
      `the path ${full} is longer than ${LONGEST_SOCKET_PATH} bytes: name a data folder with a shorter path`,
    );
  // Linux has a short name for each open folder.
  const folder = await open(dataFolder, 'r');
  return { path: `/proc/self/fd/${folder.fd}/portal.sock`, release: async () => await folder.close() };
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= LONGEST_SOCKET_PATH;
}

/** Does `work` with the path of the socket if a portal listens there; returns undefined without one. */
export async function withOwnerSocket<T>(
  dataFolder: string,
  work: (path: string) => Promise<T>,
): Promise<{ result: T } | undefined> {
  const place = await socketPlace(dataFolder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (place === undefined) return undefined;
  try {
    return (await stateOf(place.path)) === 'answers' ? { result: await work(place.path) } : undefined;
  } finally {
    await place.release();
  }
}

type SocketState = 'answers' | 'stale' | 'absent';

/** A portal that was killed leaves its socket behind. */
async function stateOf(path: string): Promise<SocketState> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve('answers');
    });
    socket.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'ENOENT') resolve('absent');
      else if (code === 'ECONNREFUSED') resolve('stale');
      else reject(new UserError(`cannot use the socket ${path}: ${describeError(error)}`, { cause: error }));
    });
  });
}

/** Removes a socket, and no other file. */
async function removeSocket(path: string): Promise<void> {
  if (!(await lstat(path)).isSocket()) throw new UserError(`${path} is not a socket: move it away`);
  await rm(path);
}

/** A socket that only the account of the portal may open. */
export interface OwnerSocket {
  close(): Promise<void>;
}

/** Listens on the socket. Replaces one that nobody listens on. */
async function listenAsOwner(
  dataFolder: string,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<OwnerSocket> {
  await access(dataFolder);
  const place = await socketPlace(dataFolder);
  const server = createServer(handle);
  try {
    const state = await stateOf(place.path);
    if (state === 'answers')
      throw new UserError(`another portal listens on ${join(dataFolder, 'portal.sock')}`);
    if (state === 'stale') await removeSocket(place.path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // The socket gets its mode when it is made, in this call: nobody else can open it in between.
      const mask = process.umask(0o177);
      server.listen(place.path, resolve);
      process.umask(mask);
    });
  } catch (error) {
    await place.release();
    throw error;
  }
  return {
    close: async () => {
      await closeServer(server);
      await place.release();
    },
  };
}

/** Listens on the socket of the data folder. If that fails, the portal runs on, and says so. */
export async function openOwnerSocket(
  dataFolder: string,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  logger: Logger,
): Promise<OwnerSocket> {
  try {
    return await listenAsOwner(dataFolder, handle);
  } catch (error) {
    // A portal with a database of its own needs no data folder; commands then use that database.
    if (codeOf(error) !== 'ENOENT') logger.warn({ reason: describeError(error) }, 'no socket for commands');
    return { close: async () => undefined };
  }
}

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { UserError } from '../../../runtime/user-error.ts';
import { makeOwnFolder } from './cluster.ts';
import { canEnter, type ServerAccount } from './server-account.ts';

export const SOCKET_PORT = 5432;

/** sun_path holds 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 103;

const NAME = /^stackmeter-[0-9a-f]{8}$/;

/** Creates a folder for the server's socket, with a short path. Only the server's account and root may enter it. */
export async function makeSocketFolder(account: ServerAccount): Promise<string> {
  for (const parent of [tmpdir(), '/tmp', '/var/tmp', '/dev/shm']) {
    const folder = join(parent, `stackmeter-${randomBytes(4).toString('hex')}`);
    if (socketPathFits(folder) && (await tryToMake(folder, account))) return folder;
  }
  throw new UserError(
    'no temporary folder for the socket of the database: set TMPDIR to one with a short path',
  );
}

export function socketPathFits(folder: string): boolean {
  return Buffer.byteLength(`${folder}/.s.PGSQL.${SOCKET_PORT}.lock`) <= LONGEST_SOCKET_PATH;
}

/** Removes a folder of `makeSocketFolder`, and no other. */
export async function removeSocketFolder(folder: string): Promise<void> {
  if (NAME.test(basename(folder))) await rm(folder, { recursive: true, force: true });
}

async function tryToMake(folder: string, account: ServerAccount): Promise<boolean> {
  try {
    await makeOwnFolder(folder, account);
    if (await canEnter(account, folder)) return true;
    await rm(folder, { recursive: true, force: true });
    return false;
  } catch {
    return false;
  }
}

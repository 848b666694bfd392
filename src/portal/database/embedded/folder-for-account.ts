import { open } from 'node:fs/promises';
import { UserError } from '../../../runtime/user-error.ts';
import { canEnter, type ServerAccount } from './server-account.ts';

/** A folder as it is handed to a program that runs under another account. */
export interface HandedFolder {
  /** The path by which the program knows it. */
  path: string;
  /** What the program inherits from descriptor 3 on. */
  descriptors: number[];
  /** To be called when the program has been started. */
  release(): Promise<void>;
}

/**
 * Hands a folder to a program. Where the program's account cannot go all the way to it, since it lies in a closed folder
 * such as root's home, the program inherits the open folder: it is then its own to enter, whatever lies above it.
 */
export async function handFolder(folder: string, account: ServerAccount): Promise<HandedFolder> {
  if (await canEnter(account, folder))
    return { path: folder, descriptors: [], release: async () => undefined };
  if (process.platform !== 'linux')
    throw new UserError(
      `the account of the database cannot enter ${folder}: name a data folder that others may enter, or set DATABASE_URL`,
    );
  const handle = await open(folder, 'r');
  return { path: '/proc/self/fd/3', descriptors: [handle.fd], release: () => handle.close() };
}

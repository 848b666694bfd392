import { open } from 'node:fs/promises';
import { UserError } from '../../../runtime/user-error.ts';
import { canEnter, type ServerAccount } from './server-account.ts';

/** A folder that is handed to a program under another account. */
export interface HandedFolder {
  /** The path of the folder for the program. */
  path: string;
  /** The descriptors that the program inherits, from 3 on. */
  descriptors: number[];
  /** Has to be called once the program has started. */
  release(): Promise<void>;
}

/**
 * Hands a folder to a program. If the program's account cannot reach it, because it is inside a closed folder such as
 * root's home, the program inherits the open folder, and does not need the folders above it. Throws `UserError`.
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

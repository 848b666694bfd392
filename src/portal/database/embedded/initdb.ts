import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { UserError } from '../../../runtime/user-error.ts';
import type { Binaries } from './binaries.ts';
import { handFolder } from './folder-for-account.ts';
import { spawnOptionsOf, type ServerAccount } from './server-account.ts';

/** The superuser of every cluster that we create. */
export const DATABASE_USER = 'stackmeter';

/** Creates a cluster in an empty folder, synced to the disk. Throws `UserError` with the last line of `initdb`. */
export async function initialiseCluster(
  folder: string,
  binaries: Binaries,
  account: ServerAccount,
): Promise<void> {
  const handed = await handFolder(folder, account);
  const child = spawn(
    binaries.initdb,
    [
      `--pgdata=${handed.path}`,
      '--encoding=UTF8',
      '--locale=C',
      '--auth=trust',
      `--username=${DATABASE_USER}`,
    ],
    { ...spawnOptionsOf(account), stdio: ['ignore', 'ignore', 'pipe', ...handed.descriptors] },
  );
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  try {
    const [said, code] = await Promise.all([child.stderr === null ? '' : text(child.stderr), ended]);
    if (code !== 0) throw new Error(said.trim().split('\n').at(-1) || 'it was killed');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `cannot create a database in ${dirname(folder)}: initdb: ${reason}${adviceOn(reason)}`,
      { cause },
    );
  } finally {
    await handed.release();
  }
}

/** Advice for a container under a user id without an account, as on OpenShift. */
function adviceOn(reason: string): string {
  return /could not look up effective user ID/.test(reason)
    ? ': set DATABASE_URL, start under a user that is in /etc/passwd, or name this one with nss_wrapper'
    : '';
}

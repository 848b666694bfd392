import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { UserError } from '../../../runtime/user-error.ts';
import type { Binaries } from './binaries.ts';
import { handFolder } from './folder-for-account.ts';
import { spawnOptionsOf, type ServerAccount } from './server-account.ts';

/** The superuser of every cluster that we make. */
export const DATABASE_USER = 'stackmeter';

/** Makes a cluster in an empty folder, synced to the disk; throws a `UserError` with what `initdb` said last. */
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
    if (code !== 0) throw new Error(said.trim().split('\n').at(-1) || 'it was ended');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `cannot make a database in ${dirname(folder)}: initdb: ${reason}${adviceOn(reason)}`,
      { cause },
    );
  } finally {
    await handed.release();
  }
}

/** Where a container runs under a user id of its own, as on OpenShift, no account has that id. */
function adviceOn(reason: string): string {
  return /could not look up effective user ID/.test(reason)
    ? ': set DATABASE_URL, start under a user that is in /etc/passwd, or name this one with nss_wrapper'
    : '';
}

import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { UserError } from '../../../runtime/user-error.ts';

/** The account of the server. Undefined ids mean our own account. */
export interface ServerAccount {
  uid: number | undefined;
  gid: number | undefined;
}

const OURSELVES: ServerAccount = { uid: undefined, gid: undefined };

/** Accounts for the server if we are root: PostgreSQL refuses to run as root. */
const PREFERRED_ACCOUNTS = ['postgres', 'nobody'];

/**
 * Chooses the account of the server. For root, which may not run PostgreSQL, this is the owner of an existing cluster, or
 * `postgres`, or `nobody`. Any other user runs the server under its own account. Throws `UserError`.
 */
export async function chooseServerAccount(cluster: string): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return OURSELVES;
  const owner = await ownerOf(cluster);
  if (owner !== undefined && owner.uid !== 0) return owner;
  return preferredAccount(await readFile('/etc/passwd', 'utf8'));
}

/** The first preferred account in the text of `/etc/passwd`. Throws `UserError` if it has none. */
export function preferredAccount(passwd: string): ServerAccount {
  const rows = passwd.split('\n').map((line) => line.split(':'));
  for (const name of PREFERRED_ACCOUNTS) {
    const row = rows.find(([account]) => account === name);
    if (row !== undefined) return { uid: Number(row[2]), gid: Number(row[3]) };
  }
  throw new UserError(
    'PostgreSQL does not run as root, and there is no account "postgres" or "nobody": start as another user, or set DATABASE_URL',
  );
}

async function ownerOf(path: string): Promise<ServerAccount | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch {
    return undefined;
  }
}

/** Options of `spawn` that run a program as `account`, without our environment. */
export function spawnOptionsOf(account: ServerAccount) {
  return {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...(account.uid === undefined ? {} : { uid: account.uid }),
    ...(account.gid === undefined ? {} : { gid: account.gid }),
  };
}

/** Whether the account can enter the folder. Tries it, because modes are not enough to tell (access lists, mounts). */
export async function canEnter(account: ServerAccount, folder: string): Promise<boolean> {
  try {
    await promisify(execFile)('/bin/sh', ['-c', 'cd "$0"', folder], spawnOptionsOf(account));
    return true;
  } catch {
    return false;
  }
}

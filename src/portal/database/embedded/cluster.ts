import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, UserError } from '../../../runtime/user-error.ts';
import type { Binaries } from './binaries.ts';
import { initialiseCluster } from './initdb.ts';
import { processIsAlive } from './processes.ts';
import type { ServerAccount } from './server-account.ts';

/** The folder of the cluster in a data folder. */
export function clusterFolder(dataFolder: string): string {
  return join(dataFolder, 'postgresql');
}

/** Whether a data folder has a cluster. Throws `UserError`. */
export async function hasCluster(dataFolder: string): Promise<boolean> {
  return (await clusterVersion(clusterFolder(dataFolder))) !== undefined;
}

/** Creates the cluster if it is missing, completely or not at all. Throws `UserError` for a cluster of another version. */
export async function ensureCluster(
  cluster: string,
  binaries: Binaries,
  account: ServerAccount,
): Promise<void> {
  await removeUnfinished(cluster);
  const version = await clusterVersion(cluster);
  if (version === undefined) await makeCluster(cluster, binaries, account);
  else if (version !== binaries.majorVersion)
    throw new UserError(
      `the database in ${cluster} belongs to PostgreSQL ${version}, and this program has ${binaries.majorVersion}: dump it with the program that wrote it, and restore it here`,
    );
}

async function clusterVersion(cluster: string): Promise<string | undefined> {
  try {
    return (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new UserError(
      `the database in ${cluster} cannot be read (${codeOf(error)}): start as the user who owns it`,
      {
        cause: error,
      },
    );
  }
}

async function makeCluster(cluster: string, binaries: Binaries, account: ServerAccount): Promise<void> {
  const unfinished = `${cluster}.${process.pid}-${randomBytes(3).toString('hex')}.new`;
  try {
    await makeOwnFolder(unfinished, account);
    await initialiseCluster(unfinished, binaries, account);
    await rename(unfinished, cluster);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // After two first starts at once, the other cluster is as good as ours.
    if ((await clusterVersion(cluster)) === undefined) throw error;
  }
}

/** Creates a folder that only the server's account may enter. */
export async function makeOwnFolder(folder: string, account: ServerAccount): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await chmod(folder, 0o700);
  if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
}

/** Removes unfinished clusters of processes that have ended. */
async function removeUnfinished(cluster: string): Promise<void> {
  const parent = dirname(cluster);
  for (const name of await readdir(parent)) {
    const pid = /^postgresql\.(\d+)-[0-9a-f]{6}\.new$/.exec(name)?.[1];
    if (pid === undefined || processIsAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

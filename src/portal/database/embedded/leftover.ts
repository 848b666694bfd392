import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../runtime/logger.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { connectToServer, takeExclusiveUse, type ExclusiveUse } from './exclusive-use.ts';
import { isServerOf, parsePostmasterFile, type PostmasterFile } from './postmaster-file.ts';
import { commandLineOf, processIsAlive } from './processes.ts';
import { removeSocketFolder } from './socket-folder.ts';

const ANSWER_WITHIN_MS = 60_000;

/**
 * Ends a server that a killed process of ours has left running on `cluster`, and removes the files of a dead one. Throws
 * `UserError` if a living process uses the server.
 */
export async function endLeftoverServer(cluster: string, dataFolder: string, logger: Logger): Promise<void> {
  const left = await readPostmasterFile(cluster);
  if (left === undefined) return;
  if (await runs(left, cluster)) await endUnused(left, cluster, dataFolder, logger);
  // PostgreSQL would not start if another program now has this pid.
  else if (processIsAlive(left.pid)) await rm(join(cluster, 'postmaster.pid'), { force: true });
  if (left.socketFolder !== undefined) await removeSocketFolder(left.socketFolder);
}

async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  return parsePostmasterFile(await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => ''));
}

/** Whether the server runs, judged by its command line. A process that has ended and waits for its parent has none. */
async function runs(left: PostmasterFile, cluster: string): Promise<boolean> {
  const commandLine = await commandLineOf(left.pid);
  return commandLine !== undefined && isServerOf(cluster, commandLine);
}

async function endUnused(
  left: PostmasterFile,
  cluster: string,
  dataFolder: string,
  logger: Logger,
): Promise<void> {
  const use = await useWhenItAnswers(left, cluster, dataFolder, logger);
  if (use === undefined) return;
  logger.info({ serverPid: left.pid }, 'ending the database server that an earlier process left running');
  // On SIGINT PostgreSQL ends in order, even with open connections.
  process.kill(left.pid, 'SIGINT');
  while (await runs(left, cluster)) await delay(20);
  await use.end().catch(() => undefined);
}

/** Waits for the server to answer: it may still be starting or recovering. Undefined if it ends meanwhile. */
async function useWhenItAnswers(
  left: PostmasterFile,
  cluster: string,
  dataFolder: string,
  logger: Logger,
): Promise<ExclusiveUse | undefined> {
  for (const deadline = Date.now() + ANSWER_WITHIN_MS; Date.now() < deadline; await delay(100)) {
    if (!(await runs(left, cluster))) return undefined;
    const { socketFolder } = (await readPostmasterFile(cluster)) ?? left;
    const client = socketFolder && (await connectToServer(socketFolder, logger).catch(() => undefined));
    if (client) return await takeExclusiveUse(client, dataFolder);
  }
  throw new UserError(
    `a PostgreSQL (process ${left.pid}) uses ${dataFolder} and does not answer: stop it, and start again`,
  );
}

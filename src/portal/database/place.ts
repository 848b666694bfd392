import { chmod, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../runtime/atomic-file.ts';
import type { Logger } from '../../runtime/logger.ts';
import { UserError } from '../../runtime/user-error.ts';
import { canEnter, chooseServerAccount, type ServerAccount } from './server-account.ts';

/** Where the server's files are, and under which account it works on them. */
export interface Place {
  folder: string;
  account: ServerAccount;
}

/** Names the place where it is not the data folder itself. */
const NOTE = 'postgresql-is-in';

/** For root whose data folder the server's account cannot enter. Not a temporary folder: systems clean those. */
const PLACES_FOR_ROOT = ['/var/lib/stackmeter', '/opt/stackmeter', '/var/tmp/stackmeter'];

/**
 * The data folder, wherever the server can enter it. Else (root's own home is closed to others) a folder outside it
 * with a random name, and a note in the data folder that names it: whoever deletes the data folder starts afresh.
 */
export async function findPlace(dataFolder: string, logger: Logger): Promise<Place> {
  await mkdir(dataFolder, { recursive: true });
  const noted = await readNote(dataFolder);
  const folder = noted ?? dataFolder;
  const account = await chooseServerAccount(clusterFolder(folder));
  if (await canEnter(account, folder)) return { folder, account };
  if (noted !== undefined) throw new UserError(closedMessage(noted, join(dataFolder, NOTE)));
  return { folder: await makeOutside(dataFolder, account, logger), account };
}

export function clusterFolder(place: string): string {
  return join(place, 'postgresql');
}

async function readNote(dataFolder: string): Promise<string | undefined> {
  const text = await readFile(join(dataFolder, NOTE), 'utf8').catch(() => '');
  return text.split('\n')[0]?.trim() || undefined;
}

async function makeOutside(dataFolder: string, account: ServerAccount, logger: Logger): Promise<string> {
  for (const parent of PLACES_FOR_ROOT) {
    const folder = await tryToMake(parent, account);
    if (folder === undefined) continue;
    await writeFileAtomically(join(dataFolder, NOTE), noteText(folder), 0o644);
    logger.warn(
      { folder, dataFolder },
      'the database is kept outside the data folder, which its account cannot enter',
    );
    return folder;
  }
  throw new UserError(
    `the account of the database cannot enter ${dataFolder}: name a data folder that others may enter, or set DATABASE_URL`,
  );
}

function noteText(folder: string): string {
  return `${folder}\nThe database of this data folder is there, because its account cannot enter this one. Delete both or none.\n`;
}

async function tryToMake(parent: string, account: ServerAccount): Promise<string | undefined> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o755 });
    const folder = await mkdtemp(join(parent, 'data-'));
    await chmod(folder, 0o755);
    return (await canEnter(account, folder)) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function closedMessage(folder: string, note: string): string {
  return `the database is in ${folder}, as ${note} says, and cannot be reached there: bring that folder back, or remove the note to start afresh`;
}

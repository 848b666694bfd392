import { readFileSync } from 'node:fs';
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, UserError } from '../../runtime/user-error.ts';

/** Linux follows at most this many links in a row. */
const MOST_LINKS = 40;

/**
 * The real path behind links, so that the lock is beside the real file and a rename replaces it. The file need not exist. Throws
 * `UserError` for a file that is a mount point: it can be written, but not replaced.
 */
export async function replaceableFile(path: string): Promise<string> {
  const file = await behindLinks(path, MOST_LINKS);
  if (isMountPoint(file, mounts()))
    throw new UserError(
      `${path} is a mount point and cannot be replaced: mount its folder instead, and name the file in the folder with --state`,
    );
  return file;
}

async function behindLinks(path: string, most: number): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || most === 0) return path; // the reader of the file reports the error
  }
  const target = await readlink(path).catch(() => undefined);
  if (target !== undefined) return await behindLinks(resolve(dirname(path), target), most - 1);
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/** @param mountInfo has the form of Linux' `/proc/self/mountinfo`: the fifth field of a line is the mount point. */
export function isMountPoint(path: string, mountInfo: string): boolean {
  const mounted = mountInfo.split('\n').map((line) => unescaped(line.split(' ')[4] ?? ''));
  return mounted.includes(path);
}

/** In mountinfo, space, tab, line end and backslash are written in octal. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(parseInt(octal, 8)));
}

/** Empty on systems other than Linux. */
function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}

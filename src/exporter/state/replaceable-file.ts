import { readFileSync } from 'node:fs';
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, UserError } from '../../runtime/user-error.ts';

/** Linux follows no more of them in a row. */
const MOST_LINKS = 40;

/**
 * The file behind links, beside which a lock holds and which can be replaced by renaming; it need not exist. Throws a
 * `UserError` where it is mounted by itself: such a file can be written, and never replaced.
 */
export async function replaceableFile(path: string): Promise<string> {
  const file = await behindLinks(path, MOST_LINKS);
  if (isMountPoint(file, mounts()))
    throw new UserError(
      `${path} is mounted by itself and cannot be replaced: mount the folder that it is in, and name the file in it with --state`,
    );
  return file;
}

async function behindLinks(path: string, most: number): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || most === 0) return path; // what reads it says what is wrong
  }
  const target = await readlink(path).catch(() => undefined);
  if (target !== undefined) return await behindLinks(resolve(dirname(path), target), most - 1);
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/** @param mountInfo as Linux' `/proc/self/mountinfo` has it: the fifth field of a line is where something is mounted. */
export function isMountPoint(path: string, mountInfo: string): boolean {
  const mounted = mountInfo.split('\n').map((line) => unescaped(line.split(' ')[4] ?? ''));
  return mounted.includes(path);
}

/** Space, tab, line end and backslash are octal there. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(parseInt(octal, 8)));
}

/** Empty where there is no Linux. */
function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}

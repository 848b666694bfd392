import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, describeError, UserError } from '../user-error.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { readOptionalFile } from './text-file.ts';

export interface Replacement {
  /** Where there is no such file yet: the file or folder that lends its owner and mode; otherwise the folder. */
  like?: string;
  /** A new file is for its owner, and for the group if `like` is closed to others. */
  secret?: boolean;
  /** The text from which the new one was made, empty for no file. If the file has another one by now, it stays. */
  before?: string;
  /** Reads the new file before it replaces the old one, and throws `UserError` if it must not. */
  check?: (path: string) => unknown;
}

/**
 * Replaces a file that an operator wrote, whole or not at all. Its owner and mode stay, and so does a link to it. Throws
 * `UserError`.
 */
export async function replaceFile(path: string, text: string, options: Replacement = {}): Promise<void> {
  const place = await realpath(path).catch(() => path);
  try {
    const owner = await ownerOf(place, options);
    await writeFileAtomically(place, text, 0o600, async (temporary) => {
      await give(temporary, owner);
      checkUnder(path, temporary, options.check);
      refuseChanged(path, options.before);
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`cannot write ${path}: ${describeError(error)}`, { cause: error });
  }
}

interface Owner {
  uid: number;
  gid: number;
  mode: number;
}

async function ownerOf(path: string, { like = dirname(path), secret = false }: Replacement): Promise<Owner> {
  const known = await stat(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  if (known !== undefined) return known;
  const { uid, gid, mode } = await stat(like);
  const closed = (mode & 0o004) === 0;
  return { uid, gid, mode: mode & (secret && !closed ? 0o600 : 0o644) };
}

async function give(path: string, { uid, gid, mode }: Owner): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const made = await file.stat();
    if (made.uid !== uid || made.gid !== gid) await file.chown(uid, gid);
    await file.chmod(mode & 0o777);
  } finally {
    await file.close();
  }
}

function refuseChanged(path: string, before: string | undefined): void {
  if (before === undefined || (readOptionalFile(path) ?? '') === before) return;
  throw new UserError(`somebody else changed ${path} meanwhile: run the command again`);
}

/** The messages of `check` name the file, and not the temporary one. */
function checkUnder(path: string, temporary: string, check: Replacement['check']): void {
  try {
    check?.(temporary);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message.replaceAll(temporary, path), { cause: error });
  }
}

import { open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One string, or pieces of the file. */
type FileContent = string | Iterable<string | Buffer> | AsyncIterable<Buffer>;

/**
 * Replaces the file `path` by `content`. A reader, or a start after a crash, finds either the whole old file or the whole
 * new one: the new file is written beside the old one, synced and renamed, and then the folder is synced. `prepare` receives
 * the path of the new file before it is renamed; if it throws, the old file stays.
 */
export async function writeFileAtomically(
  path: string,
  content: FileContent,
  mode = 0o600,
  prepare?: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    // Left by a crash, or a link that somebody else put there: nothing is written through it.
    await rm(temporary, { force: true });
    await writeSynced(temporary, content, mode);
    await prepare?.(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, content: FileContent, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

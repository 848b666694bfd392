import { open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** As one, or piece by piece. */
type FileContent = string | Iterable<string>;

/**
 * Replaces `path` by `content` so that a reader, or a start after a crash, finds the old file or the new one, whole:
 * written beside it, synced, renamed, and the folder synced.
 */
export async function writeFileAtomically(path: string, content: FileContent, mode = 0o600): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeSynced(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, content: FileContent, mode: number): Promise<void> {
  const file = await open(path, 'w', mode);
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

import { statSync } from 'node:fs';
import { codeOf } from '../../runtime/user-error.ts';

/**
 * Checks files at intervals, because the kernel does not report every rename and every change of a mounted volume. Compares
 * with the state at this call: call it before the files are read, so that no change is missed. Returns a function that ends the
 * checks.
 */
export function watchFiles(
  files: () => readonly string[],
  intervalMs: number,
  onChange: () => void,
): () => void {
  let known = files().map(stateOf).join('\n');
  const timer = setInterval(() => {
    const now = files().map(stateOf).join('\n');
    if (now === known) return;
    known = now;
    onChange();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** A text that differs if the file has changed, without reading the file. */
function stateOf(file: string): string {
  try {
    const { mtimeNs, ino, size } = statSync(file, { bigint: true });
    return `${mtimeNs} ${ino} ${size}`;
  } catch (error) {
    return codeOf(error) ?? 'not to be read';
  }
}

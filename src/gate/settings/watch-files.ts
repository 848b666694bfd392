import { statSync } from 'node:fs';
import { codeOf } from '../../runtime/user-error.ts';

/**
 * Looks at files again and again, since a rename or a mounted volume is not always told of. What counts as unchanged is
 * their state at this call: call it before they are read, so that no change is missed. Returns what ends it.
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

/** What tells one state of a file from another, without reading it. */
function stateOf(file: string): string {
  try {
    const { mtimeNs, ino, size } = statSync(file, { bigint: true });
    return `${mtimeNs} ${ino} ${size}`;
  } catch (error) {
    return codeOf(error) ?? 'not to be read';
  }
}

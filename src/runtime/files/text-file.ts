import { readFileSync } from 'node:fs';

/** Reads a file in UTF-8, without the byte order mark that some editors put before the text. */
export function readTextFile(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}

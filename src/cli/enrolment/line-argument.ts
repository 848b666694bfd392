import { existsSync } from 'node:fs';
import { readOptionalFile } from '../../runtime/files/text-file.ts';

/** The text of a line that was typed, perhaps in the pieces into which a mail program broke it, or the text of a file. */
export function lineArgument(words: readonly string[]): string {
  const [first = ''] = words;
  return words.length === 1 && existsSync(first) ? (readOptionalFile(first) ?? '') : words.join('');
}

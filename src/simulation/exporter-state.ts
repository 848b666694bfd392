import { readFile } from 'node:fs/promises';
import { parseState, type ExporterState } from '../exporter/state/state-format.ts';
import { codeOf } from '../runtime/user-error.ts';

/** The content of an exporter's state file; undefined if the file does not exist. */
export async function readExporterState(path: string): Promise<ExporterState | undefined> {
  try {
    return parseState(await readFile(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

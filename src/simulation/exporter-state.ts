import { readFile } from 'node:fs/promises';
import { parseState, type ExporterState } from '../exporter/state/state-format.ts';
import { codeOf } from '../runtime/user-error.ts';

/** What an exporter keeps in its state file; undefined where there is none yet. */
export async function readExporterState(path: string): Promise<ExporterState | undefined> {
  try {
    return parseState(await readFile(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

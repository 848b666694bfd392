import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A folder for the log of faults and the output of all processes, to find the reason of a failure. */
const FOLDER = process.env['STACKMETER_CHAOS_LOGS'];

export function log(name: string, text: string): void {
  if (FOLDER === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, name), text);
}

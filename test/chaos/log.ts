import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A folder for what was done and what the processes said, for who looks for the reason of a failure. */
const FOLDER = process.env['STACKMETER_CHAOS_LOGS'];

export function log(name: string, text: string): void {
  if (FOLDER === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, name), text);
}

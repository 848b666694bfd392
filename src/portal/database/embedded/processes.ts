import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from '../../../runtime/user-error.ts';

export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The command line of a process, with spaces between arguments; undefined if there is no such process. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  try {
    const text = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid);
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function fromProc(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
}

async function fromPs(pid: number): Promise<string> {
  return (await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)])).stdout;
}

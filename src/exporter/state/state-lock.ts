import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { codeOf, describeError, UserError } from '../../runtime/user-error.ts';

/** The right to write a state file, held by one process. */
export interface StateLock {
  /** Throws `UserError` if another process has taken the lock. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

const holderSchema = z.object({
  id: z.string(),
  pid: z.int().positive(),
  host: z.string(),
  /**
   * The start time of the process in the kernel's unit. It distinguishes the process from a later one with the same
   * pid.
   */
  started: z.string().optional(),
});

type Holder = z.output<typeof holderSchema>;

/**
 * Takes the lock of a state file: a file beside it that names the holder. Takes over the lock of a dead holder, and of a holder on
 * another host, which cannot be checked: that holder notices before it writes. Throws `UserError` if the lock is in use.
 * @param report receives a sentence if a lock was taken over.
 */
export async function lockState(stateFile: string, report: (what: string) => void): Promise<StateLock> {
  const path = `${stateFile}.lock`;
  const own: Holder = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    started: startOfProcess(process.pid),
  };
  while (!(await claim(path, own))) {
    const holder = await readHolder(path);
    if (holder !== undefined && isRunning(holder))
      throw new UserError(
        `${stateFile} is in use by another exporter (pid ${holder.pid}): stop it, or name another file with --state`,
      );
    report(`took over the lock of ${stateFile} from ${describeHolder(holder)}`);
    await rm(path, { force: true });
  }
  return heldLock(stateFile, path, own);
}

function heldLock(stateFile: string, path: string, own: Holder): StateLock {
  const isHeld = async () => (await readHolder(path))?.id === own.id;
  return {
    assertHeld: async () => {
      if (await isHeld()) return;
      throw new UserError(`another exporter has taken over ${stateFile}: stop one of the two`);
    },
    release: async () => {
      if (await isHeld()) await rm(path, { force: true });
    },
  };
}

/** Creates the lock file with its content in one step. */
async function claim(path: string, own: Holder): Promise<boolean> {
  const draft = `${path}.${own.id}`;
  try {
    await writeFile(draft, JSON.stringify(own), { mode: 0o600 });
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    const [reason] = describeError(error).split(', '); // without the draft's name
    throw new UserError(`cannot keep a state in the folder ${dirname(path)} (${reason}): see --state`, {
      cause: error,
    });
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function isRunning({ pid, host, started }: Holder): boolean {
  return host === hostname() && exists(pid) && started === startOfProcess(pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The 22nd field of Linux' `/proc/PID/stat`; undefined on other systems. */
function startOfProcess(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function describeHolder(holder: Holder | undefined): string {
  return holder === undefined ? 'an unknown process' : `pid ${holder.pid} on ${holder.host}`;
}

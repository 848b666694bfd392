import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import type { Logger } from '../../runtime/logger.ts';
import { codeOf, describeError, UserError } from '../../runtime/user-error.ts';
import { newMeterState } from '../metering/meter-state.ts';
import { formatState, parseState, type ExporterState } from './state-format.ts';
import { replaceableFile } from './replaceable-file.ts';
import { lockState } from './state-lock.ts';

/** The exporter's state, in memory and, always before that, on disk. */
export interface StateStore {
  current(): ExporterState;
  /** Replaces the state, on disk first; on an error both stay as they were. One that is on disk is not written again. */
  save(next: ExporterState): Promise<void>;
  close(): Promise<void>;
}

export interface StateStoreOptions {
  path: string;
  /** From when a new state counts; now where undefined. */
  startMs: number | undefined;
  nowMs: number;
  logger: Logger;
}

/** Opens the state file, or makes a new state with an epoch of its own. A file that can't be read is never replaced. */
export async function openStateStore(options: StateStoreOptions): Promise<StateStore> {
  const { logger } = options;
  const path = await replaceableFile(options.path);
  const lock = await lockState(path, (what) => logger.warn(what));
  try {
    await removeDrafts(path);
    let onDisk = await readState(path);
    let state = onDisk ?? newState(options);
    reportStart(state, options);
    return {
      current: () => state,
      save: async (next) => {
        if (next === onDisk) return;
        await lock.assertHeld();
        await writeState(path, next);
        onDisk = next;
        state = next;
      },
      close: async () => await lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Drafts of the state and of its lock that exporters left behind which were killed. */
async function removeDrafts(path: string): Promise<void> {
  const name = basename(path);
  const isDraft = (entry: string) =>
    entry.startsWith(`${name}.`) && /^\.(\d+\.tmp|lock\.[0-9a-f-]{36})$/.test(entry.slice(name.length));
  const drafts = (await readdir(dirname(path))).filter(isDraft);
  await Promise.all(drafts.map(async (draft) => await rm(join(dirname(path), draft), { force: true })));
}

async function readState(path: string): Promise<ExporterState | undefined> {
  try {
    return parseState(await readFile(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new UserError(
      `${path} is not a state of the exporter (${describeError(error)}): put back a copy of it, or name another file with --state`,
      { cause: error },
    );
  }
}

async function writeState(path: string, state: ExporterState): Promise<void> {
  try {
    await writeFileAtomically(path, formatState(state));
  } catch (error) {
    throw new Error(`the state ${path} can not be written`, { cause: error });
  }
}

function newState({ startMs, nowMs }: StateStoreOptions): ExporterState {
  const wholeSecondMs = Math.floor((startMs ?? nowMs) / 1000) * 1000;
  return {
    meter: newMeterState(randomUUID(), wholeSecondMs),
    allProjects: false,
    names: new Map(),
    sampled: new Map(),
    flavorGpus: new Map(),
  };
}

function reportStart({ meter }: ExporterState, { path, startMs, logger }: StateStoreOptions): void {
  const start = new Date(meter.startMs).toISOString();
  if (startMs !== undefined && startMs !== meter.startMs)
    logger.warn(`${path} counts from ${start} on; the start date of the settings is for a new state only`);
  else logger.info({ state: path, start, until: new Date(meter.untilMs).toISOString() }, 'state opened');
}

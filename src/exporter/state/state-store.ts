import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import type { Logger } from '../../runtime/logger.ts';
import { codeOf, describeError, UserError } from '../../runtime/user-error.ts';
import { newMeterState } from '../metering/meter-state.ts';
import { formatState, NewerStateError, parseState, type ExporterState } from './state-format.ts';
import { replaceableFile } from './replaceable-file.ts';
import { lockState, type StateLock } from './state-lock.ts';

/** The exporter's state. Each change is on disk before it is in memory. */
export interface StateStore {
  current(): ExporterState;
  /**
   * Replaces the state on disk, then in memory. On an error both stay unchanged. Writes nothing if `next` is on disk
   * already.
   */
  save(next: ExporterState): Promise<void>;
  close(): Promise<void>;
}

export interface StateStoreOptions {
  path: string;
  /** The start date of a new state; undefined for now. */
  startMs: number | undefined;
  nowMs: number;
  logger: Logger;
}

/**
 * Opens the state file, or makes a new state with a new epoch. Never replaces a file that cannot be read. Throws
 * `UserError`.
 */
export async function openStateStore(options: StateStoreOptions): Promise<StateStore> {
  const { logger } = options;
  const path = await replaceableFile(options.path);
  const lock = await lockState(path, (what) => logger.warn(what));
  try {
    await removeDrafts(path);
    const onDisk = await readState(path);
    const store = new StateFile({ path, lock, onDisk, state: onDisk ?? newState(options) });
    reportStart(store.current(), options);
    return store;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface StateFileParts {
  path: string;
  lock: StateLock;
  /** Undefined where there is no file yet. */
  onDisk: ExporterState | undefined;
  state: ExporterState;
}

class StateFile implements StateStore {
  readonly #path: string;
  readonly #lock: StateLock;
  #onDisk: ExporterState | undefined;
  #state: ExporterState;

  constructor({ path, lock, onDisk, state }: StateFileParts) {
    this.#path = path;
    this.#lock = lock;
    this.#onDisk = onDisk;
    this.#state = state;
  }

  current(): ExporterState {
    return this.#state;
  }

  async save(next: ExporterState): Promise<void> {
    if (next === this.#onDisk) return;
    await this.#lock.assertHeld();
    await writeState(this.#path, next);
    this.#onDisk = next;
    this.#state = next;
  }

  async close(): Promise<void> {
    await this.#lock.release();
  }
}

/** Removes drafts of the state and of its lock, which killed exporters leave behind. */
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
    if (error instanceof NewerStateError)
      throw new UserError(
        `${path} was written by a newer stackmeter (${error.message}): use that version or a newer one`,
      );
    throw new UserError(
      `${path} is not a state of the exporter (${describeError(error)}): restore a copy, or name another file with --state`,
      { cause: error },
    );
  }
}

async function writeState(path: string, state: ExporterState): Promise<void> {
  try {
    await writeFileAtomically(path, formatState(state));
  } catch (error) {
    throw new Error(`the state ${path} cannot be written`, { cause: error });
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
    logger.warn(`${path} counts from ${start} on; --start is only for a new state`);
  else logger.info({ state: path, start, until: new Date(meter.untilMs).toISOString() }, 'state opened');
}

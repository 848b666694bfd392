import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { runRegularly } from '../../runtime/regularly.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Ledger } from './ledger.ts';
import type { StoragePolicy } from './storage-policy.ts';

/** A day that is due is packed within this time. */
const INTERVAL_MS = 6 * 3_600_000;

/** The first run waits, so that a portal that restarts again and again does its other work first. */
const FIRST_DELAY_MS = 5 * 60_000;

export interface MaintenanceParts {
  ledger: Pick<Ledger, 'maintain'>;
  clock: Clock;
  logger: Logger;
  /** Returns the present policy: a reload may change it. The default policy applies if it is undefined. */
  policy?: (() => StoragePolicy | undefined) | undefined;
}

/** Maintains the ledger's storage at intervals. A failure is logged, and the next run tries again. */
export class Maintenance {
  readonly #parts: MaintenanceParts;
  readonly #ending = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop ??= this.#runAtIntervals();
  }

  /** Waits for a run that is under way. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #runAtIntervals(): Promise<void> {
    const { clock, logger } = this.#parts;
    await runRegularly(async () => await this.#run(), {
      clock,
      signal: this.#ending.signal,
      firstDelayMs: FIRST_DELAY_MS,
      delayMs: () => INTERVAL_MS,
      onFailure: (error) => logger.warn({ reason: describeError(error) }, 'maintenance of the ledger failed'),
    });
  }

  async #run(): Promise<void> {
    const { ledger, logger, policy } = this.#parts;
    const done = await ledger.maintain(policy?.());
    if (done.packed + done.dropped + done.expired > 0)
      logger.debug(done, 'maintenance of the ledger is done');
  }
}

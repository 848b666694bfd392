import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { runRegularly } from '../../runtime/regularly.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Ledger } from './ledger.ts';
import type { StoragePolicy } from './storage-policy.ts';

/** Days are packed some hours after they are due at the latest. */
const INTERVAL_MS = 6 * 3_600_000;

/** The first comes late, so that a portal that is restarted all the time does something else first. */
const FIRST_DELAY_MS = 5 * 60_000;

export interface MaintenanceParts {
  ledger: Pick<Ledger, 'maintain'>;
  clock: Clock;
  logger: Logger;
  /** The present one, as a reload may change it; the usual one where it is undefined. */
  policy?: (() => StoragePolicy | undefined) | undefined;
}

/** Looks after the ledger's storage from time to time. Failures are logged, and tried again the next time. */
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

  /** Waits for what is on its way. */
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
      onFailure: (error) =>
        logger.warn({ reason: describeError(error) }, 'the storage of the ledger could not be looked after'),
    });
  }

  async #run(): Promise<void> {
    const { ledger, logger, policy } = this.#parts;
    const done = await ledger.maintain(policy?.());
    if (done.packed + done.dropped + done.expired > 0)
      logger.debug(done, 'the storage of the ledger was looked after');
  }
}

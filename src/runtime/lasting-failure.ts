import type { Logger } from './logger.ts';
import { describeError } from './user-error.ts';

/** Logs a failure once when it starts and when its reason changes, and logs the recovery. Repetitions stay silent. */
export class LastingFailure {
  readonly #logger: Logger;
  readonly #says: { failed: string; recovered: string };
  readonly #level: 'error' | 'warn';
  #reason: string | undefined;

  constructor(
    logger: Logger,
    says: { failed: string; recovered: string },
    level: 'error' | 'warn' = 'error',
  ) {
    this.#logger = logger;
    this.#says = says;
    this.#level = level;
  }

  failed(error: unknown): void {
    const reason = describeError(error);
    if (reason !== this.#reason) this.#logger[this.#level]({ reason }, this.#says.failed);
    this.#reason = reason;
  }

  succeeded(): void {
    if (this.#reason !== undefined) this.#logger.info({}, this.#says.recovered);
    this.#reason = undefined;
  }
}

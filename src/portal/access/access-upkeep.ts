import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { runRegularly } from '../../runtime/regularly.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { SIGN_IN_MS, type AccessPolicy } from './access-policy.ts';

const INTERVAL_MS = 3_600_000;

export interface AccessUpkeepParts {
  database: Database;
  clock: Clock;
  logger: Logger;
  policy: () => AccessPolicy;
}

/** Deletes hourly everything that has ended: sessions, sign-ins, invitations, tokens, and rows and addresses of the audit. */
export class AccessUpkeep {
  readonly #parts: AccessUpkeepParts;
  readonly #ending = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(parts: AccessUpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, logger } = this.#parts;
    this.#loop ??= runRegularly(async () => await this.run(), {
      clock,
      signal: this.#ending.signal,
      firstDelayMs: INTERVAL_MS,
      delayMs: () => INTERVAL_MS,
      onFailure: (error) =>
        logger.warn({ reason: describeError(error) }, 'old sessions could not be deleted'),
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  /** Several portals on a database may do this at once. */
  async run(): Promise<void> {
    const { clock, policy } = this.#parts;
    const nowMs = clock.nowMs();
    const { sessionIdleMs, sessionMs, auditMs, auditAddressMs } = policy();
    for (const statement of [
      sql`DELETE FROM ledger.session WHERE used_ms <= ${nowMs - sessionIdleMs} OR created_ms <= ${nowMs - sessionMs}`,
      sql`DELETE FROM ledger.sign_in WHERE created_ms <= ${nowMs - SIGN_IN_MS}`,
      sql`DELETE FROM ledger.invitation WHERE expires_ms <= ${nowMs}`,
      sql`DELETE FROM ledger.api_token WHERE expires_ms <= ${nowMs}`,
      sql`UPDATE ledger.audit SET address = NULL WHERE address IS NOT NULL AND at_ms <= ${nowMs - auditAddressMs}`,
      sql`DELETE FROM ledger.audit WHERE at_ms <= ${nowMs - auditMs}`,
    ])
      await this.#parts.database.inLane('access').query(statement);
  }
}

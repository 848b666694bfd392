import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

/**
 * Packs days as soon as they are over and drops the hours of a month as soon as it is over, while portals fold and
 * correct the same days. A portal itself waits for days, and for a month.
 */
export class Packer {
  readonly #connection: DatabaseConnection;
  readonly #clock: Clock;
  #packing: Promise<void> | undefined;
  #dropped = 0;

  constructor(connection: DatabaseConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** How many months of meters have lost their hours so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Joins a packing that is under way. After a failure, such as a killed database, the next call packs. */
  async pack(): Promise<void> {
    this.#packing ??= this.#packOnce()
      .catch(() => undefined)
      .finally(() => (this.#packing = undefined));
    await this.#packing;
  }

  async #packOnce(): Promise<void> {
    const ledger = await openLedger({
      database: await openDatabase(this.#connection, silentLogger()),
      clock: this.#clock,
      logger: silentLogger(),
    });
    try {
      this.#dropped += (
        await ledger.maintain({ packAfterDays: 0, hoursKeptDays: 0, gapsKeptDays: 62 })
      ).dropped;
    } finally {
      await ledger.close();
    }
  }
}

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { DatabaseConnection } from './database/connection.ts';
import { openDatabase, type Database } from './database/database.ts';
import { EmbeddedDatabase } from './database/embedded/embedded-database.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { QuestionLimits } from './ledger/question-cost.ts';
import { openLedger } from './ledger/store/open-ledger.ts';
import type { LedgerPlace } from './settings/settings.ts';

/** The ledger with the database under it. */
export class Store {
  readonly #place: LedgerPlace & { limits?: QuestionLimits | undefined };
  readonly #parts: { clock: Clock; logger: Logger };
  readonly #server: Pick<EmbeddedDatabase, 'start' | 'close'>;
  #database: Database | undefined;
  #ledger: Ledger | undefined;

  constructor(
    place: LedgerPlace & { limits?: QuestionLimits | undefined },
    { clock, logger }: { clock: Clock; logger: Logger },
  ) {
    const { dataFolder, databaseUrl } = place;
    this.#place = place;
    this.#parts = { clock, logger };
    this.#server =
      databaseUrl === undefined
        ? new EmbeddedDatabase({ dataFolder, logger })
        : runningDatabase({ connectionString: databaseUrl });
  }

  /** Throws before `open()` has resolved. */
  get database(): Database {
    if (this.#database === undefined) throw new Error('the store is not open');
    return this.#database;
  }

  /** Starts the embedded database, or connects to `databaseUrl`, and opens the ledger in it. Throws `UserError`. */
  async open(): Promise<Ledger> {
    const { allowDestructiveMigrations, migrates, limits } = this.#place;
    this.#database = await openDatabase(await this.#server.start(), this.#parts.logger);
    this.#ledger = await openLedger({
      ...this.#parts,
      database: this.#database,
      allowDestructiveMigrations,
      migrates,
      limits,
    });
    return this.#ledger;
  }

  /** Closes the ledger and the database. May be called twice, and after `open()` has failed. */
  async close(): Promise<void> {
    await this.#ledger?.close();
    this.#ledger = undefined;
    await this.#server.close();
  }
}

/** A database that others start and end. */
function runningDatabase(connection: DatabaseConnection) {
  return { start: async () => connection, close: async () => undefined };
}

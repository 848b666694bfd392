import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { DatabaseConnection } from './database/connection.ts';
import { openDatabase, type Database } from './database/database.ts';
import { createEmbeddedDatabase } from './database/embedded/embedded-database.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { QuestionLimits } from './ledger/question-cost.ts';
import { openLedger } from './ledger/store/open-ledger.ts';
import type { LedgerPlace } from './settings/settings.ts';

/** The ledger with the database under it. */
export interface Store {
  /** Starts the embedded database, or uses the one that runs, and opens the ledger in it; throws `UserError`. */
  open(): Promise<Ledger>;
  /** Once it is open. */
  readonly database: Database;
  /** Ends both. May be called twice, and after `open()` has failed. */
  close(): Promise<void>;
}

export function createStore(
  {
    dataFolder,
    databaseUrl,
    allowDestructiveMigrations,
    limits,
  }: LedgerPlace & { limits?: QuestionLimits | undefined },
  parts: { clock: Clock; logger: Logger },
): Store {
  const server =
    databaseUrl === undefined
      ? createEmbeddedDatabase({ dataFolder, logger: parts.logger })
      : runningDatabase({ connectionString: databaseUrl });
  let ledger: Ledger | undefined;
  let database: Database | undefined;
  return {
    get database() {
      if (database === undefined) throw new Error('the store is not open');
      return database;
    },
    open: async () => {
      database = await openDatabase(await server.start(), parts.logger);
      ledger = await openLedger({ database, allowDestructiveMigrations, limits, ...parts });
      return ledger;
    },
    close: async () => {
      await ledger?.close();
      ledger = undefined;
      await server.close();
    },
  };
}

/** A database that others start and end. */
function runningDatabase(connection: DatabaseConnection) {
  return { start: async () => connection, close: async () => undefined };
}

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Ledger } from './ledger/ledger.ts';
import { UserError } from '../runtime/user-error.ts';
import { hasCluster } from './database/embedded/cluster.ts';
import type { LedgerPlace } from './settings/settings.ts';
import { Store } from './store.ts';

/** Opens the ledger, does the work, and closes the ledger. Throws `UserError` if it cannot be opened. */
export async function useLedger<T>(
  place: LedgerPlace,
  parts: { clock: Clock; logger: Logger },
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const store = new Store(place, parts);
  try {
    return await work(await store.open());
  } finally {
    await store.close();
  }
}

/**
 * The same for work that only reads: throws `UserError` if the data folder has no database, so that a mistaken folder does not
 * pass for an empty ledger.
 */
export async function readLedger<T>(
  place: LedgerPlace,
  parts: { clock: Clock; logger: Logger },
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const { databaseUrl, dataFolder } = place;
  if (databaseUrl === undefined && !(await hasCluster(dataFolder)))
    throw new UserError(
      `${dataFolder} has no database of a portal: name its data folder with --data, or its portal.toml with --config`,
    );
  return await useLedger(place, parts, work);
}

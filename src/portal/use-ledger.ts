import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LedgerPlace } from './settings/settings.ts';
import { Store } from './store.ts';

/** Opens the ledger, does the work, and closes the ledger. Throws `UserError` if there is no ledger. */
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

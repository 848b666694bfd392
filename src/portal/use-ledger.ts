import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LedgerPlace } from './settings/settings.ts';
import { createStore } from './store.ts';

/** Opens the ledger for some work, and closes it after. Throws `UserError` where there is none. */
export async function useLedger(
  place: LedgerPlace,
  parts: { clock: Clock; logger: Logger },
  work: (ledger: Ledger) => Promise<void>,
): Promise<void> {
  const store = createStore(place, parts);
  try {
    await work(await store.open());
  } finally {
    await store.close();
  }
}

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Discrepancy } from './ledger/ledger.ts';
import type { LedgerPlace } from './settings.ts';
import { createStore } from './store.ts';

/** Every meter whose entries do not add up to its total (rule A7). Throws `UserError` where there is no ledger. */
export async function verifyLedger(
  place: LedgerPlace,
  parts: { clock: Clock; logger: Logger },
): Promise<Discrepancy[]> {
  const store = createStore(place, parts);
  try {
    const ledger = await store.open();
    return await ledger.verify();
  } finally {
    await store.close();
  }
}

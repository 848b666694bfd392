import { AccountStore } from './accounts/account-store.ts';
import { accountsOverSocket, type AccountCommands } from './accounts-over-socket.ts';
import { withOwnerSocket } from './owner-socket.ts';
import type { LedgerPlace } from './settings/settings.ts';
import { Store } from './store.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** Does the work through the running portal, or in the database where no portal runs. */
export async function useAccounts<T>(
  place: LedgerPlace,
  parts: { clock: Clock; logger: Logger },
  work: (accounts: AccountCommands) => Promise<T>,
): Promise<T> {
  const answered = await withOwnerSocket(
    place.dataFolder,
    async (path) => await work(accountsOverSocket(path)),
  );
  if (answered !== undefined) return answered.result;
  const store = new Store(place, parts);
  try {
    await store.open();
    return await work(new AccountStore({ database: store.database, clock: parts.clock }));
  } finally {
    await store.close();
  }
}

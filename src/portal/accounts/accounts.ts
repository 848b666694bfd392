import type { PresentAccount, PresentGrant } from './grants/grant.ts';

/** The accounts and grants as they are now. */
interface AccountsState {
  grants: readonly PresentGrant[];
  accounts: readonly PresentAccount[];
}

export interface Accounts {
  /** Every change counts at once, also one of another portal on the database. */
  present(): Promise<AccountsState>;
}

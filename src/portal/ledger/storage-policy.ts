/** How long the ledger keeps what in which form. */
export interface StoragePolicy {
  /** Days stay entries for so long after their end, as late truth may still move them. */
  packAfterDays: number;
  /** Hours of months that ended longer ago are dropped; their days stay. Undefined: hours are kept for ever. */
  hoursKeptDays?: number | undefined;
  /** Gaps that ended longer ago are given up: what was spread over them stays as it is, and is asked for no more. */
  gapsKeptDays: number;
}

export const DEFAULT_STORAGE_POLICY: StoragePolicy = { packAfterDays: 2, gapsKeptDays: 62 };

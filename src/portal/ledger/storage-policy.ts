/** How long the ledger keeps entries, hours and gaps. */
export interface StoragePolicy {
  /** A day stays in entries for this long after its end, because late readings may still move them. */
  packAfterDays: number;
  /** The hours of months that ended longer ago are dropped; their days stay. Undefined keeps hours for ever. */
  hoursKeptDays?: number | undefined;
  /** Gaps that ended longer ago are no longer asked for: the usage that was spread over them stays as it is. */
  gapsKeptDays: number;
}

export const DEFAULT_STORAGE_POLICY: StoragePolicy = { packAfterDays: 2, gapsKeptDays: 62 };

export interface MaintenanceOutcome {
  /** Entries that were packed. */
  packed: number;
  /** Months of meters whose hours were dropped. */
  dropped: number;
  /** Gaps of clouds that are no longer asked for. */
  expired: number;
}

/** An export can move to another installation; a backup, which also says who may sign in, is for this one. */
export type ExportContent = 'export' | 'backup';

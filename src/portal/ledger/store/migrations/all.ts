import { ledgerTables } from './0001-ledger.ts';
import { gapTables } from './0002-gaps.ts';
import { epochTimes } from './0003-epochs.ts';
import { monthTable } from './0004-months.ts';

export interface Migration {
  /** Numbers follow one another; a migration that was released never changes. */
  id: number;
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: 'ledger', sql: ledgerTables },
  { id: 2, name: 'gaps', sql: gapTables },
  { id: 3, name: 'times of epochs', sql: epochTimes },
  { id: 4, name: 'packed months', sql: monthTable },
];

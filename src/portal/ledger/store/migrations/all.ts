import { ledgerTables } from './0001-ledger.ts';
import { gapTables } from './0002-gaps.ts';
import { epochTimes } from './0003-epochs.ts';
import { monthTable } from './0004-months.ts';
import { leaseTables } from './0005-leases.ts';
import { hoursKept } from './0006-hours-kept.ts';
import { portalSites } from './0007-portal-sites.ts';
import { openHour } from './0008-open-hour.ts';
import { retiredClouds } from './0009-retired-clouds.ts';
import { monthSums } from './0010-month-sums.ts';
import { cloudsOfEpochs } from './0011-clouds-of-epochs.ts';
import { saidOfSites } from './0012-said-of-sites.ts';
import { remoteWriteTables } from './0013-remote-write.ts';
import { serverHours } from './0014-server-hours.ts';
import { accountTables } from './0015-accounts.ts';
import { daySums } from './0016-day-sums.ts';
import { cloudDays } from './0017-cloud-days.ts';
import { accessTables } from './0018-access.ts';
import { portalSchemas } from './0019-portal-schemas.ts';
import { priceBooks } from './0020-price-books.ts';
import { sweepRuns } from './0021-sweep-runs.ts';
import { fewerKeys } from './0022-fewer-keys.ts';

export interface Migration {
  /** Numbers grow. A released migration never changes. */
  id: number;
  name: string;
  /**
   * Statements without comments and dollar quotes. A ledger may be distributed by Citus: a new table with `site_id` gets its
   * foreign keys in statements of their own, and ADD COLUMN has no identity, and a CHECK only with a name.
   */
  sql: string;
  /**
   * Whether it removes something that an older version, or a person, may still need. A destructive migration waits for
   * --unsafe-destructive-migrations, except on a database without data.
   */
  destructive?: boolean;
  /**
   * Whether portals that do not know it would write wrong rows: sums that they do not add to, for example. They lose their
   * leases with the migration, and get none again. Without it they go on beside newer ones. docs/upgrade.md names it.
   */
  excludesOlder?: boolean;
}

export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: 'ledger', sql: ledgerTables },
  { id: 2, name: 'gaps', sql: gapTables },
  { id: 3, name: 'times of epochs', sql: epochTimes },
  { id: 4, name: 'packed months', sql: monthTable },
  { id: 5, name: 'leases', sql: leaseTables },
  { id: 6, name: 'hours that are kept', sql: hoursKept },
  { id: 7, name: 'sites of portals', sql: portalSites },
  { id: 8, name: 'open hours', sql: openHour },
  { id: 9, name: 'retired clouds', sql: retiredClouds },
  { id: 10, name: 'sums of months', sql: monthSums },
  { id: 11, name: 'clouds of epochs', sql: cloudsOfEpochs },
  { id: 12, name: 'what is said of sites', sql: saidOfSites },
  { id: 13, name: 'tables of remote write', sql: remoteWriteTables },
  { id: 14, name: 'server hours', sql: serverHours },
  { id: 15, name: 'accounts and grants', sql: accountTables },
  { id: 16, name: 'sums of days', sql: daySums },
  { id: 17, name: 'sums of clouds', sql: cloudDays },
  { id: 18, name: 'people who sign in, tokens and the audit', sql: accessTables },
  { id: 19, name: 'schemas of portals', sql: portalSchemas, excludesOlder: true },
  { id: 20, name: 'price books', sql: priceBooks },
  { id: 21, name: 'runs of sweeps', sql: sweepRuns },
  { id: 22, name: 'fewer foreign keys', sql: fewerKeys },
];

/** The newest migration. */
export const SCHEMA = Math.max(...MIGRATIONS.map(({ id }) => id));

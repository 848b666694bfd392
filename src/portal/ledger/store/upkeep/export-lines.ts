import { z } from 'zod';

/**
 * A ledger as lines of JSON, for backups and moves:
 * - first `{"format":"stackmeter-ledger","schema":N}`;
 * - for each table `{"table":"NAME"}`, and a line for each row: an object of its columns, with whole numbers of any size;
 * - last `{"end":true,"rows":N,"sha256":"HEX"}`, where HEX is the checksum of all lines before.
 * Rows stay text: numbers never become doubles.
 */
export const FORMAT = 'stackmeter-ledger';

/** The tables in an order in which each refers only to earlier ones. */
export const TABLES = [
  'site',
  'site_state',
  'cloud',
  'project',
  'project_name',
  'flavor',
  'resource',
  'epoch',
  'meter',
  'entry',
  'day',
  'month',
  'cloud_day',
  'site_hour',
  'cloud_gap',
  'meter_gap',
  'late_entry',
  'anomaly',
  'refusal',
  'account_change',
  'account_record',
  'person',
] as const;

/**
 * The tables that only a backup contains: who may sign in, tokens, the audit, and the requests of remote write. Secrets are
 * hashes in them.
 */
export const TABLES_OF_BACKUP = [
  'person_identity',
  'api_token',
  'invitation',
  'audit',
  'remote_write.inbox',
  'remote_write.fact',
  'remote_write.set_aside',
] as const;

/** Data of the same database that no backup contains, as text for people. Sessions may contain secrets of people. */
export const NOT_IN_BACKUP = 'sessions of browsers, and the leases of running portals';

/** Data of the same database that no export contains, as text for people. */
export const NOT_EXPORTED =
  'sessions, tokens and the audit, requests of remote write that are not counted yet, and the leases of running portals';

export type TableName = (typeof TABLES)[number] | (typeof TABLES_OF_BACKUP)[number];

/** The name of a table for SQL. */
export function qualified(table: TableName): string {
  return table.includes('.') ? table : `ledger.${table}`;
}

/** Rows in one batch. */
export const ROWS_AT_ONCE = 2_000;
/** The text of a batch ends after this many characters. */
export const TEXT_AT_ONCE = 4 * 2 ** 20;

export const headerLine = z.object({ format: z.literal(FORMAT), schema: z.int().min(1) });
export const tableLine = z.object({ table: z.enum([...TABLES, ...TABLES_OF_BACKUP]) });
/** The last line. Exports of earlier versions have no checksum. */
export const endLine = z.object({
  end: z.literal(true),
  rows: z.int(),
  sha256: z.string().exactOptional(),
});

import { z } from 'zod';
import { MIGRATIONS } from '../migrations/all.ts';

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

/** Data of the same database that no export contains, as text for people. */
export const NOT_EXPORTED =
  'sessions, tokens and the audit, requests of remote write that are not counted yet, and the leases of running portals';

export type TableName = (typeof TABLES)[number];

export const SCHEMA = Math.max(...MIGRATIONS.map(({ id }) => id));

/** Rows in one batch. */
export const ROWS_AT_ONCE = 2_000;

export const headerLine = z.object({ format: z.literal(FORMAT), schema: z.int().min(1) });
export const tableLine = z.object({ table: z.enum(TABLES) });
/** The last line. Exports of earlier versions have no checksum. */
export const endLine = z.object({
  end: z.literal(true),
  rows: z.int(),
  sha256: z.string().exactOptional(),
});

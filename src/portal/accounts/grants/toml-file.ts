import type { z } from 'zod';
import { firstIssue, rejectNul } from '../../../runtime/settings/strict-table.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { grantsFile, type GrantsFile } from './documents.ts';

/** Reads the tables of a TOML file as documents. Throws a `UserError` that names the place of the first fault. */
export function documentsOfToml(tables: Record<string, unknown>, where: string): GrantsFile {
  return parsedTables(grantsFile, tables, where);
}

/** As `documentsOfToml`, for the documents of any schema. */
export function parsedTables<T>(schema: z.ZodType<T>, tables: Record<string, unknown>, where: string): T {
  rejectNul(tables, where);
  const result = schema.safeParse(withTextDates(tables));
  if (result.success) return result.data;
  throw new UserError(`${where}: ${firstIssue(result.error)}`);
}

/** TOML has dates of its own; documents have their text, as JSON does. */
function withTextDates(value: unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (Array.isArray(value)) return value.map(withTextDates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withTextDates(part)]));
}

import { z } from 'zod';
import { firstIssue } from '../runtime/settings/strict-table.ts';
import { UserError } from '../runtime/user-error.ts';
import type { LineKind } from './sealed-line.ts';

/** A name that both sides may print and use as the name of a file, a site or a token. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const name = z.string().regex(NAME_PATTERN);
export const date = z.iso.date();
export const instant = z.iso.datetime();

/** `2026-12-13 20:31 UTC` */
export function instantWords(text: string): string {
  return `${text.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Checks the content of a line. It comes from another organisation. Throws `UserError`. */
export function contentOf<S extends z.ZodType>(schema: S, content: unknown, kind: LineKind): z.output<S> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  // An unknown key could have escapes that a terminal obeys.
  const issue = firstIssue(result.error).replaceAll(/[^\x20-\x7e]/g, '?');
  throw new UserError(`the ${kind} is not one that stackmeter writes: ${issue}`);
}

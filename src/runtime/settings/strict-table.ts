import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { UserError } from '../user-error.ts';

/** Throws a `UserError` for the first unknown key of `table`. The message suggests the nearest known key. */
export function rejectUnknownKeys(
  table: Record<string, unknown>,
  known: readonly string[],
  where: string,
): void {
  const unknown = Object.keys(table).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new UserError(`${where}: ${unknownKeyMessage(unknown, known)}`);
}

/** Throws a `UserError` for the first key or text of a file with a NUL, because databases, paths and headers refuse it. */
export function rejectNul(file: Record<string, unknown>, where: string): void {
  const place = placeOfNul(file);
  if (place === undefined) return;
  throw new UserError(
    `${where}: ${place === '' ? '' : `${place}: `}holds a NUL character (\\u0000); remove it`,
  );
}

function placeOfNul(value: unknown, place = ''): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? place : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    if (key.includes('\0')) return place;
    const name = Array.isArray(value) ? `[${Number(key) + 1}]` : `${place === '' ? '' : '.'}${key}`;
    const found = placeOfNul(part, place + name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return `unknown key '${key}'${nearest === undefined ? `; known keys: ${known.join(', ')}` : `; did you mean '${nearest}'?`}`;
}

/**
 * A schema for a table of the file. An unknown key is an error that suggests the nearest known key. Unknown keys are
 * checked first, because a misspelt key would otherwise be reported as a missing one.
 */
export function strictTable<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.preprocess((table, context) => {
    if (typeof table !== 'object' || table === null) return table;
    for (const key of Object.keys(table)) {
      if (!known.includes(key)) context.addIssue({ code: 'custom', message: unknownKeyMessage(key, known) });
    }
    return table;
  }, z.object(shape));
}

/** The known name that `name` is probably a misspelling of. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const candidate = closest(name, known);
  return distance(name, candidate) <= Math.max(2, name.length / 3) ? candidate : undefined;
}

/** One line for the first problem, with its place in the file. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'invalid';
  const place = issue.path
    .map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${String(part)}`))
    .join('')
    .slice(1);
  return `${place === '' ? '' : `${place}: `}${issue.message}`;
}

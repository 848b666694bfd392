/** How differences of documents say times, texts and changes. */
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { instantOf } from './fields.ts';

/** `2026-07-01` for midnight UTC, or else `2026-07-01T13:00Z`. */
export function timeWords(atMs: number): string {
  const text = new Date(atMs).toISOString();
  if (atMs % (24 * MS_PER_HOUR) === 0) return text.slice(0, 10);
  return text.replace(/(?::00)?\.000Z$/, 'Z');
}

export function timeOr(text: string | undefined, none: string): string {
  return text === undefined ? none : timeWords(instantOf(text));
}

export function quoted(text: string | undefined): string {
  return text === undefined ? 'none' : `"${text}"`;
}

/** A line if the two differ. */
export function changed(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what} ${before} → ${after}`];
}

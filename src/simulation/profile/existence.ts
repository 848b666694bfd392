import { TomlDate } from 'smol-toml';

/** The time when a machine is up, in Unix milliseconds. Undefined means since the cloud's start, or for ever. */
export interface Existence {
  fromMs: number | undefined;
  toMs: number | undefined;
}

/**
 * Reads `existence`: true, false, a date-time (up since then) or two date-times (up between them). False gives undefined.
 * Times without a zone are UTC. Throws an `Error` that states the allowed values.
 */
export function readExistence(value: unknown): Existence | undefined {
  if (value === true) return { fromMs: undefined, toMs: undefined };
  if (value === false) return undefined;
  if (value instanceof TomlDate) return { fromMs: instantOf(value), toMs: undefined };
  if (!Array.isArray(value) || value.length !== 2) throw new Error(EXPECTED);
  const [fromMs, toMs] = [instantOf(value[0]), instantOf(value[1])];
  if (toMs <= fromMs) throw new Error('the second date-time must be later than the first');
  return { fromMs, toMs };
}

const EXPECTED = 'must be true, false, a date-time such as 2026-03-01T12:00:00Z, or a list of two date-times';

/** Unix milliseconds in whole seconds. The TOML parser reads local date-times and dates as UTC. */
function instantOf(value: unknown): number {
  if (!(value instanceof TomlDate) || value.isTime()) throw new Error(EXPECTED);
  return Math.floor(value.getTime() / 1000) * 1000;
}

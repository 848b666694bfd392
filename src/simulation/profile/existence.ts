import { TomlDate } from 'smol-toml';

/** When a machine is up. Unix milliseconds; `fromMs` undefined: since the cloud began; `toMs` undefined: for ever. */
export interface Existence {
  fromMs: number | undefined;
  toMs: number | undefined;
}

/**
 * Reads `existence`: true, false (undefined: never), a date-time (since then) or two (between them). Times without a
 * zone are UTC. Throws an `Error` that says what is expected.
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

/** A server's times are whole seconds. Local date-times and dates are read as UTC by the TOML parser already. */
function instantOf(value: unknown): number {
  if (!(value instanceof TomlDate) || value.isTime()) throw new Error(EXPECTED);
  return Math.floor(value.getTime() / 1000) * 1000;
}

import { shorten } from './text-format-characters.ts';

/** Prometheus' latest time. This parser rounds times beyond 2^53. */
const MAX_INT64 = 2n ** 63n - 1n;
/** In characters, to bound the work: a number may have zeros in front. */
const LONGEST_INT64 = 100;

const SPECIAL_VALUES = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
]);

/** The value of a word, or a message about its problem. */
export function valueIn(text: string): number | string {
  if (text === '') return 'the value is missing';
  const value = isDecimal(text) ? Number(text) : SPECIAL_VALUES.get(text.toLowerCase());
  if (value === undefined || (Number.isNaN(value) && isDecimal(text)))
    return `'${shorten(text)}' is not a number`;
  if (!Number.isFinite(value) && isDecimal(text)) return `'${shorten(text)}' is out of range`;
  return value;
}

/** The time of a word in milliseconds, or a message about its problem. */
export function timestampIn(text: string): number | string {
  const timestampMs = Number(text);
  if (!/^\d+$/.test(text)) return `'${shorten(text)}' is not a timestamp in milliseconds`;
  if (timestampMs > Number.MAX_SAFE_INTEGER && (text.length > LONGEST_INT64 || BigInt(text) > MAX_INT64))
    return `the timestamp ${shorten(text)} is out of range`;
  return timestampMs;
}

/** True if a text has only digits, signs, points and exponents: JavaScript and Go read these as the same number. */
function isDecimal(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const digit = code >= 0x30 && code <= 0x39;
    if (!digit && code !== 0x2b && code !== 0x2d && code !== 0x2e && code !== 0x45 && code !== 0x65)
      return false;
  }
  return true;
}
